"""Bitmaps against the examples of Salesforce's own guide."""

import pytest

from connectors.salesforce.simulator.objects import OBJECTS
from connectors.salesforce.simulator.pubsub.bitmaps import encode
from connectors.salesforce.simulator.pubsub.schema import change_schema

STAGE_MOVED = (
    "StageName Probability IsClosed IsWon ForecastCategory ForecastCategoryName LastModifiedDate "
    "LastStageChangeDate"
)


@pytest.mark.parametrize(
    ("entity", "names", "bitmaps"),
    [
        ("Account", "Industry LastModifiedDate", ["0x400800"]),
        ("Account", "Description LastModifiedDate", ["0x410000"]),
        ("Account", "LastModifiedDate BillingStreet", ["0x400000", "4-0x01"]),
        ("Account", "ShippingCity BillingCity BillingStreet", ["4-0x03", "5-0x02"]),
        ("Opportunity", STAGE_MOVED, ["0x0503C0A0"]),
        ("Opportunity", "Id", []),
        ("Opportunity", "", []),
    ],
)
def test_names_become_bitmaps(entity: str, names: str, bitmaps: list[str]) -> None:
    assert encode(names.split(), change_schema(OBJECTS[entity]).places) == bitmaps

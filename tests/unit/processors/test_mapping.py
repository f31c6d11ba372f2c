"""An account from a deal: exact, or not at all with the field, the value and the opportunity named."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from processors.context import context
from processors.mapping import custom_fields, fill
from processors.sample import DEAL
from processors.yaml_documents import parse
from schemas.account import Account
from schemas.deal import CustomValue, EnrichedDeal
from schemas.definition.documents import FieldMapping, Mapping
from schemas.errors import StepError

KEY = f"{DEAL.org_id}:{DEAL.opportunity_id}"
SHARED = Path(__file__).parents[3] / "examples" / "shared.yaml"


def standard() -> Mapping:
    (found,) = [
        each.document
        for each in parse(SHARED.read_text("utf-8"), "shared.yaml")
        if isinstance(each.document, Mapping)
    ]
    return found


def deal(**fields: Any) -> EnrichedDeal:
    return DEAL.model_copy(update={"opportunity": DEAL.opportunity.model_copy(update=fields)})


def filled(mapping: Mapping, given: EnrichedDeal = DEAL) -> Account:
    return fill(given, context(given), mapping, KEY)


def one(**fields: Any) -> Mapping:
    return Mapping(kind="mapping", name="m", fields=(FieldMapping(**fields),))


def test_the_standard_fields() -> None:
    account = filled(standard())
    assert (account.name, account.company_name, account.arr, account.currency) == (
        "Acme - Onboarding 2026",
        "Acme",
        Decimal("40000.0000"),
        "EUR",
    )
    assert account.close_date == DEAL.opportunity.close_date
    assert account.ae_email == "sam@acme.example"
    assert account.primary_contact is not None
    assert account.primary_contact.email == "kim@customer.example"
    assert (account.website, account.industry, account.size) == ("https://acme.example", "Energy", 500)
    assert (account.key, account.salesforce_account_id, account.revision) == (KEY, "0015g00000Bx7RtAAJ", 1)


@pytest.mark.parametrize(
    ("amount", "term", "arr"),
    [
        ("40000", None, "40000"),
        ("36000", "36", "12000"),
        ("10000", "7", "17142.8571"),
        ("0.1", "12", "0.1"),
        ("123456789012345678.99", None, "123456789012345678.99"),
    ],
)
def test_arr_is_exact(amount: str, term: str | None, arr: str) -> None:
    custom = {"Term_Months__c": CustomValue(type="double", value=term)} if term else {}
    assert filled(standard(), deal(amount=Decimal(amount), custom=custom)).arr == Decimal(arr)


@pytest.mark.parametrize(
    ("field", "target", "value"),
    [
        ({"source": "deal.name", "target": "name", "transform": "upper"}, "name", "ACME - ONBOARDING 2026"),
        ({"source": "deal.name", "target": "name", "transform": "lower"}, "name", "acme - onboarding 2026"),
        ({"source": "deal.custom.Gone__c", "target": "name", "default": "none"}, "name", "none"),
        (
            {
                "source": "company.industry",
                "target": "industry",
                "transform": "table",
                "table": {"Energy": "E"},
            },
            "industry",
            "E",
        ),
        (
            {"source": "primary_contact.name", "target": "primary_contact"},
            "primary_contact.name",
            "Kim Customer",
        ),
    ],
)
def test_transforms_and_defaults(field: dict[str, Any], target: str, value: str) -> None:
    found: Any = filled(one(**field))
    for part in target.split("."):
        found = getattr(found, part)
    assert found == value


def test_fields_of_ones_own_keep_their_type() -> None:
    mapping = Mapping(
        kind="mapping",
        name="m",
        fields=(
            FieldMapping(source="deal.amount", target="custom.value"),
            FieldMapping(source="deal.is_won", target="custom.won"),
            FieldMapping(source="deal.close_date", target="custom.on"),
            FieldMapping(source="deal.custom.Gone__c", target="custom.gone"),
        ),
    )
    assert filled(mapping).custom == {
        "value": CustomValue(type="double", value="40000"),
        "won": CustomValue(type="boolean", value="true"),
        "on": CustomValue(type="date", value="2026-09-30"),
    }


@pytest.mark.parametrize(
    ("mapping", "given", "says"),
    [
        (one(source="deal.name", target="name", required=True), deal(name=""), "empty and required"),
        (one(source="deal.custom.X__c", target="name", required=True), DEAL, "empty and required"),
        (one(source="deal.name", target="arr"), DEAL, "is not a number"),
        (one(source="deal.name", target="close_date"), DEAL, "isoformat"),
        (one(source="deal.name", target="size"), DEAL, "is not a number"),
        (one(source="deal.nme", target="name"), DEAL, "'nme'"),
        (one(source="deal.owner", target="name"), DEAL, "not a single value"),
        (one(source="deal.amount", target="nme"), DEAL, "no field nme"),
        (one(source="deal.amount", target="arr"), deal(amount=Decimal("1E+40")), "too large"),
        (one(source="deal.amount", target="arr"), deal(amount=Decimal("1E+20")), "too large"),
        (one(source="deal.amount", target="arr"), deal(amount=Decimal("NaN")), "not a number"),
        (one(source="deal.amount", target="arr"), deal(amount=Decimal("Infinity")), "not a number"),
        (
            one(source="company.industry", target="industry", transform="table", table={"x": "y"}),
            DEAL,
            "'Energy' is not in the table",
        ),
        (
            one(source="deal.amount", target="arr", transform="annualise", term="deal.custom.T__c"),
            deal(custom={"T__c": CustomValue(type="double", value="0")}),
            "a term of 0 months",
        ),
    ],
)
def test_what_cannot_be_mapped_names_field_value_and_opportunity(
    mapping: Mapping, given: EnrichedDeal, says: str
) -> None:
    with pytest.raises(StepError, match=DEAL.opportunity_id) as caught:
        filled(mapping, given)
    assert f"{mapping.fields[0].source} cannot become {mapping.fields[0].target}" in str(caught.value)
    assert says in str(caught.value)


def test_the_custom_fields_that_are_spoken_of_are_found() -> None:
    mapping = Mapping(
        kind="mapping",
        name="m",
        fields=(
            FieldMapping(source="deal.custom.A__c", target="custom.a", term="deal.custom.B__c"),
            FieldMapping(source="company.custom.C__c", target="custom.c"),
        ),
    )
    wanted = custom_fields({"m": mapping}, "deal.custom.D__c == 'company.custom.E__c'")
    assert wanted == ("A__c", "Account.C__c", "B__c", "D__c")

"""The stage before an entry: as it was heard, else as the history says."""

from datetime import UTC, datetime, timedelta

import pytest

from processors.previous_stage import with_previous_stage
from processors.sample import DEAL
from schemas.deal import EnrichmentRequest, StageMove

_ENTERED = datetime(2026, 9, 15, 8, 30, 12, tzinfo=UTC)


def _moves(*rows: tuple[str, int]) -> tuple[StageMove, ...]:
    return tuple(StageMove(stage=stage, at=_ENTERED + timedelta(seconds=after)) for stage, after in rows)


@pytest.mark.parametrize(
    ("heard", "history", "expected"),
    [
        ("Negotiation", [("Closed Won", 0), ("Prospecting", -60)], "Negotiation"),
        (None, [("Closed Won", 0), ("Prospecting", -60), ("Qualification", -600)], "Prospecting"),
        (None, [("Closed Won", 2), ("Prospecting", -60)], "Prospecting"),
        (None, [("Prospecting", -60), ("Closed Won", 0)], "Prospecting"),
        (None, [("Closed Won", 0), ("Closed Won", -30), ("Prospecting", -60)], "Prospecting"),
        (None, [("Closed Lost", 3600), ("Closed Won", 0), ("Prospecting", -60)], "Prospecting"),
        (None, [("Closed Won", 0)], None),
        (None, [], None),
    ],
    ids=[
        "heard",
        "newest row before",
        "stamps apart",
        "rows in no order",
        "an amount changed within the stage",
        "it has moved on since",
        "created in the stage",
        "no history",
    ],
)
def test_stage_before(heard: str | None, history: list[tuple[str, int]], expected: str | None) -> None:
    request = EnrichmentRequest(
        id="r", org_id="o", entered_stage="Closed Won", entered_at=_ENTERED, previous_stage=heard
    )
    deal = with_previous_stage(DEAL.model_copy(update={"stage_history": _moves(*history)}), request)
    assert (deal.entered_stage, deal.entered_at, deal.previous_stage) == ("Closed Won", _ENTERED, expected)


def test_without_an_entry_nothing_is_said() -> None:
    deal = with_previous_stage(DEAL, EnrichmentRequest(id="r", org_id="o"))
    assert (deal.entered_stage, deal.previous_stage) == ("", None)

"""Which stages a deal entered, of its history and its dates, as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.salesforce.polling.entries import Entered, changes, entered
from connectors.salesforce.polling.rows import Deal, Move
from schemas.change import Change

T0 = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def deal(stage: str = "A", since: float | None = None, *, deleted: bool = False) -> Deal:
    moment = None if since is None else at(since)
    return Deal("0065g00000Zk1QaAAJ", "Deal", stage, T0, at(99), at(99), moment, is_deleted=deleted)


def history(*rows: tuple[str, float]) -> list[Move]:
    return [Move(f"h{number}", stage, at(seconds)) for number, (stage, seconds) in enumerate(rows)]


MADE = Entered("h0", "A", T0, created=True)


@pytest.mark.parametrize(
    ("found", "moves", "wanted"),
    [
        (deal(), [("A", 0)], [MADE]),
        (deal(), [("A", 3)], [MADE]),
        (deal(), [("A", 0), ("A", 50)], [MADE]),
        (deal("B", 20), [("A", 0), ("B", 20)], [MADE, Entered("h1", "B", at(20))]),
        # The present stage has the moment that a change event of it has.
        (deal("B", 20), [("A", 0), ("B", 22)], [MADE, Entered("h1", "B", at(20))]),
        (deal("B", 20), [("A", 0), ("B", 18)], [MADE, Entered("h1", "B", at(20))]),
        # A stage it has left has that of its row.
        (
            deal("C", 40),
            [("A", 0), ("B", 22), ("C", 41)],
            [MADE, Entered("h1", "B", at(22)), Entered("h2", "C", at(40))],
        ),
        # There and back: the later of the two is the present one.
        (
            deal("A", 40),
            [("A", 0), ("B", 38), ("A", 41)],
            [MADE, Entered("h1", "B", at(38)), Entered("h2", "A", at(40))],
        ),
        # Read a moment before its history, which tells more by then.
        (
            deal("B", 20),
            [("A", 0), ("B", 20), ("C", 30)],
            [MADE, Entered("h1", "B", at(20)), Entered("h2", "C", at(30))],
        ),
        # No row of it: its own date tells.
        (
            deal("B", 20),
            [("A", 0)],
            [MADE, Entered("B since 2026-09-14T08:30:32.000Z", "B", at(20), is_row=False)],
        ),
        (deal("B", 20), [], [Entered("B since 2026-09-14T08:30:32.000Z", "B", at(20), is_row=False)]),
        # What is left of a history that is cut off may begin with an amount.
        (deal("B"), [("B", 5000)], []),
        (deal("B"), [("B", 5000), ("C", 5001)], [Entered("h1", "C", at(5001))]),
        (deal(), [], []),
    ],
)
def test_the_stages_a_deal_entered(
    found: Deal, moves: list[tuple[str, float]], wanted: list[Entered]
) -> None:
    assert entered(found, history(*moves)) == wanted


def told(found: Deal, new: list[Entered], position: str = "p") -> list[Change]:
    return list(changes(found, new, org_id="00D", channel="c", position=position))


STAGE = ("StageName", "LastStageChangeDate")


@pytest.mark.parametrize(
    ("found", "new", "wanted"),
    [
        (deal(), [], [("UPDATE", ("LastModifiedDate",))]),
        (deal(), [MADE], [("CREATE", ())]),
        (deal(), [MADE, Entered("h1", "B", at(5))], [("CREATE", ()), ("UPDATE", STAGE)]),
        (deal(deleted=True), [], [("DELETE", ())]),
        (deal(deleted=True), [Entered("h1", "B", at(5))], [("UPDATE", STAGE), ("DELETE", ())]),
    ],
)
def test_what_is_told_of_a_deal(
    found: Deal, new: list[Entered], wanted: list[tuple[str, tuple[str, ...]]]
) -> None:
    made = told(found, new)
    assert [(change.change_type, change.changed_fields) for change in made] == wanted
    again = told(found, new, "reached by another way")
    assert [change.id for change in again] == [change.id for change in made]
    assert len({change.id for change in made}) == len(made)

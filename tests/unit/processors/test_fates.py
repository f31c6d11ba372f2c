"""Deletions and their undoing are one fact each, by whichever way, in whichever order they are heard."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from processors.transitions import observe
from schemas.change import Change
from schemas.run import StageState
from schemas.stage import OPPORTUNITY_DELETED, OPPORTUNITY_UNDELETED, StageEntry

T0 = datetime(2026, 9, 15, 8, 30, 12, tzinfo=UTC)


def change(kind: str, seconds: float | None, way: str = "cometd") -> Change:
    body = b'{"StageName": "A", "LastStageChangeDate": "2026-09-01T00:00:00Z"}'
    return Change(
        id=f"{way} {kind} {seconds}",
        org_id="00D5g000000Jm5XEAS",
        entity="Opportunity",
        record_id="0065g00000Zk1QaAAJ",
        change_type=kind,
        changed_fields=("LastModifiedDate",) if kind == "UPDATE" else (),
        commit_time=None if seconds is None else T0 + timedelta(seconds=seconds),
        body=body if kind == "UNDELETE" else b"{}",
    )


def fates(*changes: Change) -> list[StageEntry]:
    state: StageState | None = None
    found: list[StageEntry] = []
    for each in changes:
        seen = observe(state, each)
        state = StageState.model_validate_json(seen.state.model_dump_json())
        found += [entry for entry in seen.entries if entry.kind != "stage.entered"]
    return found


DELETED, UNDELETED = OPPORTUNITY_DELETED, OPPORTUNITY_UNDELETED


@pytest.mark.parametrize(
    ("heard", "kinds"),
    [
        ([("DELETE", 0)], [DELETED]),
        # Polled, a deal that is touched after its deletion is back.
        ([("DELETE", 0), ("UPDATE", 60)], [DELETED, UNDELETED]),
        ([("DELETE", 0), ("UNDELETE", 60), ("UPDATE", 90)], [DELETED, UNDELETED]),
        # Heard late, it is a change of before.
        ([("DELETE", 0), ("UPDATE", -60)], [DELETED]),
        ([("DELETE", 0), ("UPDATE", 3)], [DELETED]),
        ([("UPDATE", 60)], []),
        ([("DELETE", 0), ("UNDELETE", 60), ("DELETE", 120)], [DELETED, UNDELETED, DELETED]),
        ([("DELETE", None)], [DELETED]),
    ],
)
def test_what_is_told(heard: list[tuple[str, float | None]], kinds: list[str]) -> None:
    assert [entry.kind for entry in fates(*(change(kind, at) for kind, at in heard))] == kinds


def test_a_deletion_heard_both_ways_is_one_whichever_comes_first() -> None:
    # The record has the moment of the write, the event that of the commit.
    ways = change("DELETE", 0, "poll"), change("DELETE", 200)
    for order in permutations(ways):
        assert len({entry.id for entry in fates(*order)}) == 1


def test_two_deletions_with_an_undoing_between_them_are_two() -> None:
    found = fates(change("DELETE", 0), change("UNDELETE", 60), change("DELETE", 120))
    assert len({entry.id for entry in found}) == 3


def test_back_heard_both_ways_is_one_fact() -> None:
    polled, event = change("UPDATE", 60, "poll"), change("UNDELETE", 60)
    for order in ((polled, event), (event, polled)):
        found = fates(change("DELETE", 0), *order)
        assert len({entry.id for entry in found}) == 2


def test_a_repeat_is_answered_again() -> None:
    deleted, back = change("DELETE", 0), change("UPDATE", 60)
    once = fates(deleted, back)
    twice = fates(deleted, deleted, back, back)
    assert [entry.id for entry in twice] == [once[0].id, once[0].id, once[1].id, once[1].id]


def test_the_present_stage_survives_a_deletion() -> None:
    entered = change("UNDELETE", 1)
    state = observe(None, entered).state
    state = observe(state, change("DELETE", 60)).state
    assert (state.stage, len(state.entries), len(state.fates)) == ("A", 1, 2)

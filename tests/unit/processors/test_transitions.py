"""Stage entries in changes: which, since when, from where; whatever repeats, is late or makes no sense."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.transitions import observe
from schemas.change import Change
from schemas.errors import UnreadableError
from schemas.ids import change_id, stage_entry_id
from schemas.run import StageState
from schemas.stage import OPPORTUNITY_DELETED, OPPORTUNITY_UNDELETED, STAGE_ENTERED, StageEntry

ORG, OPPORTUNITY = "00D5g000000Jm5XEAS", "0065g00000Zk1QaAAJ"
T0 = datetime(2026, 9, 15, 8, 30, 12, tzinfo=UTC)


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def change(kind: str = "UPDATE", *, at: datetime | None = T0, number: int = 1, **body: Any) -> Change:
    return Change(
        id=change_id(ORG, "Opportunity", f"tx{number}", 1, OPPORTUNITY),
        org_id=ORG,
        entity="Opportunity",
        record_id=OPPORTUNITY,
        change_type=kind,
        changed_fields=tuple(body) if kind == "UPDATE" else (),
        commit_time=at,
        body=json.dumps(body).encode(),
    )


def moved(stage: str, moment: datetime, number: int = 1) -> Change:
    return change(number=number, StageName=stage, LastStageChangeDate=text(moment))


def after(*changes: Change) -> tuple[StageState | None, list[StageEntry]]:
    state: StageState | None = None
    entries: list[StageEntry] = []
    for each in changes:
        seen = observe(state, each)
        state = StageState.model_validate_json(seen.state.model_dump_json())
        entries += seen.entries
    return state, entries


def test_an_entry_has_the_id_that_everybody_computes() -> None:
    _, (entry,) = after(moved("Closed Won", T0))
    assert entry.id == stage_entry_id(ORG, OPPORTUNITY, "Closed Won", T0)
    assert (entry.kind, entry.stage, entry.entered_at, entry.previous_stage, entry.late) == (
        STAGE_ENTERED,
        "Closed Won",
        T0,
        None,
        False,
    )


@pytest.mark.parametrize(
    ("kind", "body", "moment"),
    [
        ("UPDATE", {"LastStageChangeDate": text(T0), "LastModifiedDate": "2020-01-01T00:00:00Z"}, T0),
        ("UPDATE", {"CreatedDate": "2020-01-01T00:00:00Z", "LastModifiedDate": text(T0)}, T0),
        ("CREATE", {"CreatedDate": text(T0), "LastModifiedDate": "2020-01-01T00:00:00Z"}, T0),
        ("UPDATE", {}, T0 + timedelta(seconds=9)),
        ("UPDATE", {"LastStageChangeDate": "2026-09-15T10:30:12.700+0200"}, T0),
    ],
)
def test_the_moment_of_entry(kind: str, body: dict[str, Any], moment: datetime) -> None:
    made = change(kind, at=T0 + timedelta(seconds=9.9), StageName="Closed Won", **body)
    _, (entry,) = after(made)
    assert entry.entered_at == moment


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (change(Amount=5), "did not change"),
        (change("GAP_UPDATE"), "GAP_UPDATE"),
        (change("GAP_OVERFLOW"), "GAP_OVERFLOW"),
        (change("SNAPSHOT"), "SNAPSHOT"),
        (change(StageName="x").model_copy(update={"entity": "Account"}), "Account"),
    ],
)
def test_what_is_no_entry_is_ignored_by_name(made: Change, says: str) -> None:
    seen = observe(None, made)
    assert seen.entries == ()
    assert says in seen.ignored


@pytest.mark.parametrize(
    "made",
    [
        change(StageName={"diff": "--- "}),
        change(StageName=""),
        change(StageName=None),
        change(StageName="Closed Won", LastStageChangeDate="2026-09-15T08:30:12"),
        change(StageName="Closed Won", LastStageChangeDate="yesterday"),
        change(StageName="Closed Won", LastStageChangeDate=5),
        change(at=None, StageName="Closed Won"),
        change(StageName="x").model_copy(update={"body": b"[]"}),
        change(StageName="x").model_copy(update={"body": b"\xff{"}),
    ],
)
def test_a_body_that_makes_no_sense_is_a_typed_error(made: Change) -> None:
    with pytest.raises(UnreadableError):
        observe(None, made)


def test_the_stage_before_is_that_of_the_entry_before() -> None:
    _, entries = after(moved("A", T0), moved("B", T0 + timedelta(minutes=1), 2))
    assert [entry.previous_stage for entry in entries] == [None, "A"]


def test_deleted_and_undeleted_are_told() -> None:
    undeleted = change("UNDELETE", number=3, StageName="A", LastStageChangeDate=text(T0))
    _, entries = after(moved("A", T0), change("DELETE", number=2), undeleted)
    assert [entry.kind for entry in entries] == [
        STAGE_ENTERED,
        OPPORTUNITY_DELETED,
        OPPORTUNITY_UNDELETED,
        STAGE_ENTERED,
    ]
    assert entries[0].id == entries[3].id


@pytest.mark.parametrize(("seconds", "entries"), [(0, 1), (1, 1), (5, 1), (6, 2)])
def test_the_same_stage_within_five_seconds_is_the_same_entry(seconds: int, entries: int) -> None:
    _, found = after(moved("A", T0), moved("A", T0 + timedelta(seconds=seconds), 2))
    assert len({entry.id for entry in found}) == entries
    assert len(found) == 2


def test_with_another_stage_between_it_is_another_entry() -> None:
    _, found = after(
        moved("A", T0), moved("B", T0 + timedelta(seconds=1), 2), moved("A", T0 + timedelta(seconds=2), 3)
    )
    assert len({entry.id for entry in found}) == 3


def test_a_late_entry_is_published_as_late_and_moves_nothing_back() -> None:
    state, entries = after(moved("B", T0), moved("A", T0 - timedelta(minutes=1), 2))
    assert state is not None
    assert (state.stage, [entry.late for entry in entries]) == ("B", [False, True])


STAGES = st.lists(st.sampled_from("ABCD"), min_size=1, max_size=12).filter(
    lambda found: all(one != other for one, other in pairwise(found))
)


@given(STAGES, st.data())
def test_delays_repeats_and_disorder_give_the_true_entries(stages: list[str], data: st.DataObject) -> None:
    true = [moved(stage, T0 + timedelta(seconds=6 * n), n) for n, stage in enumerate(stages)]
    repeats = data.draw(st.lists(st.sampled_from(true), max_size=6))
    heard = data.draw(st.permutations([*true, *repeats]))
    state, entries = after(*heard)
    assert {entry.id for entry in entries} == {
        stage_entry_id(ORG, OPPORTUNITY, stage, T0 + timedelta(seconds=6 * n))
        for n, stage in enumerate(stages)
    }
    assert state is not None
    assert state.stage == stages[-1]
    assert len(state.entries) <= 16

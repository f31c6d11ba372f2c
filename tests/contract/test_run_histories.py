"""Every history of runs keeps the same promises: the twin, SQLite and a real PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from connectors.ports import RunHistory
from processors.run_summary import summarize
from schemas.history_feed import HistoryState, Slice
from schemas.run_event import RunEvent
from schemas.run_query import Cursor, RunQuery
from schemas.run_summary import RunSummary
from tests.fixtures.run_events import OPPORTUNITY, ORG, START, an_event, events_of
from tests.fixtures.run_history import HISTORIES, a_history

TOPIC = "workflow.events"
ALL = RunQuery(limit=1000)
TOLD: list[tuple[str, dict[str, Any]]] = [
    ("run.started", {"input": '{"stage": "Closed Won"}'}),
    ("step.started", {"step_id": "gate", "step_type": "approval"}),
    ("task.opened", {"task_id": "t1", "due": START + timedelta(days=2), "actor": ""}),
    ("task.answered", {"task_id": "t1", "outcome": "approved", "actor": "ann@seller.test"}),
    ("step.completed", {"step_id": "gate", "output": '{"account_name": "Ünïcode 100%_Ltd", "owner": "Ann"}'}),
    ("something.new", {"reason": "quoted \"' \\ %s :x\n\t🏢"}),
    ("run.completed", {"outcome": "ready"}),
]


@pytest.fixture(params=HISTORIES)
async def history(request: pytest.FixtureRequest) -> AsyncIterator[RunHistory]:
    async with a_history(request.param, request) as history:
        yield history


async def hold(history: RunHistory, *events: RunEvent) -> None:
    assert await history.append(events, [], at=START)


async def rows(history: RunHistory) -> list[RunSummary]:
    return list(await history.select(ALL))


def expected(*runs: Sequence[RunEvent]) -> list[RunSummary]:
    found = [run for run in (summarize(None, events) for events in runs) if run is not None]
    return sorted(found, key=Cursor.of, reverse=True)


async def test_holds_what_it_was_told(history: RunHistory) -> None:
    events = events_of(TOLD)
    await hold(history, *events)
    assert await rows(history) == expected(events)
    assert await history.told("r1") == events


async def test_an_empty_one_answers_with_nothing(history: RunHistory) -> None:
    assert await rows(history) == []
    assert await history.told("r1") == []
    assert await history.loose(OPPORTUNITY) == []
    assert await history.find("r", limit=10) == []
    assert await history.positions(TOPIC) == {}
    assert await history.state(TOPIC) is None
    assert await history.prune(START) == 0
    await hold(history)


@pytest.mark.parametrize("seed", range(12))
async def test_twice_late_and_out_of_order_makes_the_same_rows(history: RunHistory, seed: int) -> None:
    chance = Random(seed)
    runs = [events_of(TOLD[: chance.randint(1, len(TOLD))], f"r{number}") for number in range(5)]
    coming = [event for events in runs for event in events] * 2
    chance.shuffle(coming)
    while coming:
        size = chance.randint(1, 12)
        await hold(history, *coming[:size])
        coming = coming[size:]
    assert await rows(history) == expected(*runs)
    for number, events in enumerate(runs):
        assert await history.told(f"r{number}") == events


async def test_a_run_whose_beginning_is_missing_says_so_until_it_comes(history: RunHistory) -> None:
    events = events_of(TOLD)
    await hold(history, *events[3:])
    (run,) = await rows(history)
    assert (run.whole, run.sequence, run.events, run.status) == (False, 7, 4, "completed")
    await hold(history, *events[:2])
    await hold(history, events[2])
    assert await rows(history) == expected(events)


async def test_the_first_event_of_a_sequence_is_kept(history: RunHistory) -> None:
    await hold(history, an_event(1, "run.started"), an_event(1, "run.held", id="other"))
    await hold(history, an_event(1, "run.cancelled", id="third"))
    (run,) = await rows(history)
    assert run.status == "running"
    assert [event.kind for event in await history.told("r1")] == ["run.started"]


async def test_what_is_of_no_run_is_kept_and_is_no_run(history: RunHistory) -> None:
    refused = [
        an_event(sequence, "command.refused", run, id=name, reason=name, at=START + timedelta(minutes=minute))
        for name, run, sequence, minute in [("b", "", 1, 2), ("a", "", 0, 1), ("c", "r9", 0, 3)]
    ]
    await hold(history, *refused, *refused)
    assert await rows(history) == []
    assert [event.id for event in await history.loose(OPPORTUNITY)] == ["a", "b", "c"]
    assert await history.loose("0065g00000OtherAAA") == []
    assert await history.told("r9") == []
    assert await history.told("a") == []


async def test_hostile_text_and_size_are_held(history: RunHistory) -> None:
    long = "x" * 5_000
    hostile = an_event(
        1,
        "run.started",
        step_id=long,
        outcome=long,
        workflow_id="a\0b" + long,
        reason="a\0b" + "y" * 200_000,
        input='{"stage": "' + long + '", "owner": "' + long + '\\u0000", "name": "a\\u0000"}',
        output="\\u0000" * 100,
    )
    await hold(history, hostile, an_event(2, "step.started", step_id=long))
    (run,) = await rows(history)
    assert run.status == "waiting result"
    assert run.workflow_id.startswith("a\N{REPLACEMENT CHARACTER}b")
    (event, _) = await history.told("r1")
    assert event.output == "\\u0000" * 100
    assert event.reason == "a\N{REPLACEMENT CHARACTER}b" + "y" * 200_000


async def test_an_event_of_no_moment_is_held(history: RunHistory) -> None:
    await hold(
        history, an_event(1, "run.started", at=None), an_event(0, "command.refused", "", id="a", at=None)
    )
    assert len(await rows(history)) == 1
    assert len(await history.loose(OPPORTUNITY)) == 1
    await history.prune(START)
    assert len(await history.loose(OPPORTUNITY)) == 1


# Positions.


async def test_positions_move_with_the_events(history: RunHistory) -> None:
    await history.begin(TOPIC, {0: 0, 1: 40}, at=START)
    assert await history.positions(TOPIC) == {0: 0, 1: 40}
    events = events_of(TOLD)
    slices = [Slice(TOPIC, 0, 0, 5, behind=2), Slice(TOPIC, 1, 40, 42)]
    assert await history.append(events, slices, at=START)
    assert await history.positions(TOPIC) == {0: 5, 1: 42}
    assert await history.positions("other.workflow.events") == {}


async def test_what_would_leave_a_hole_is_not_held(history: RunHistory) -> None:
    await history.begin(TOPIC, {0: 0, 1: 0}, at=START)
    for slices in (
        [Slice(TOPIC, 0, 5, 7)],
        [Slice(TOPIC, 0, 0, 7), Slice(TOPIC, 1, 1, 2)],
        [Slice(TOPIC, 2, 0, 7)],
        [Slice("other", 0, 0, 7)],
        [Slice(TOPIC, 0, 1, 1)],
    ):
        assert not await history.append(events_of(TOLD), slices, at=START)
        assert await history.positions(TOPIC) == {0: 0, 1: 0}
        assert await rows(history) == []


async def test_one_that_is_behind_moves_nothing_back(history: RunHistory) -> None:
    await history.begin(TOPIC, {0: 0}, at=START)
    assert await history.append([], [Slice(TOPIC, 0, 0, 10)], at=START + timedelta(hours=1))
    late = events_of(TOLD)
    assert await history.append(late, [Slice(TOPIC, 0, 3, 7, behind=9)], at=START)
    assert await history.positions(TOPIC) == {0: 10}
    assert await history.state(TOPIC) == HistoryState(START + timedelta(hours=1), 0)
    assert await rows(history) == expected(late)


async def test_a_partition_begins_where_it_is_or_later(history: RunHistory) -> None:
    await history.begin(TOPIC, {0: 7}, at=START)
    await history.begin(TOPIC, {0: 3, 1: 5}, at=START)
    assert await history.positions(TOPIC) == {0: 7, 1: 5}
    await history.begin(TOPIC, {0: 9}, at=START)
    await history.begin(TOPIC, {}, at=START)
    assert await history.positions(TOPIC) == {0: 9, 1: 5}


async def test_tells_how_far_it_reaches(history: RunHistory) -> None:
    await history.begin(TOPIC, {0: 0, 1: 0}, at=START)
    later = START + timedelta(seconds=5)
    assert await history.append([], [Slice(TOPIC, 0, 0, 4, behind=3)], at=later)
    assert await history.state(TOPIC) == HistoryState(START, 3)
    assert await history.append([], [Slice(TOPIC, 0, 4, 4), Slice(TOPIC, 1, 0, 0, behind=1)], at=later)
    assert await history.state(TOPIC) == HistoryState(later, 1)
    assert await history.state("another") is None


# Questions.


def a_run(number: int, **fields: str) -> list[RunEvent]:
    at = START + timedelta(minutes=number // 2)  # two of each moment
    last = {"step_id": fields.get("step", "create"), "output": f'{{"owner": "{fields.get("owner", "Ann")}"}}'}
    begun = an_event(
        1,
        "run.started",
        f"run-{number:03}",
        at=at,
        org_id=fields.get("org", ORG),
        opportunity_id=f"006{number:012d}AAA",
        workflow_id=fields.get("workflow", "closed-won"),
        input=f'{{"stage": "{fields.get("stage", "Closed Won")}", "deal_name": "{fields.get("name", "")}"}}',
    )
    return [
        begun,
        begun.model_copy(
            update={"id": f"{number}-2", "sequence": 2, "kind": "step.completed", "input": "", **last}
        ),
        begun.model_copy(
            update={
                "id": f"{number}-3",
                "sequence": 3,
                "kind": fields.get("kind", "run.completed"),
                "outcome": fields.get("outcome", ""),
                "reason": fields.get("reason", ""),
                "input": "",
            }
        ),
    ]


QUERIES = [
    RunQuery(),
    RunQuery(org_id="00DOther"),
    RunQuery(stage="Contract Sent"),
    RunQuery(workflow_id="renewal"),
    RunQuery(outcome="rejected"),
    RunQuery(status="needs attention"),
    RunQuery(step_id="mail"),
    RunQuery(owner="Bob"),
    RunQuery(owner="bob"),
    RunQuery(since=START + timedelta(minutes=10)),
    RunQuery(until=START + timedelta(minutes=10)),
    RunQuery(since=START + timedelta(minutes=3), until=START + timedelta(minutes=7), owner="Bob"),
    RunQuery(text="API"),
    RunQuery(text="SAYS 100%"),
    RunQuery(text="100_"),
    RunQuery(text="ünïcode strasse"),
    RunQuery(text="006000000000017"),
    RunQuery(text="nowhere"),
    RunQuery(status="completed", workflow_id="renewal", text="ünï"),
]


async def many(history: RunHistory) -> list[RunSummary]:
    told = [
        a_run(
            number,
            org="00DOther" if number % 7 == 0 else ORG,
            stage="Contract Sent" if number % 5 == 0 else "Closed Won",
            workflow="renewal" if number % 3 == 0 else "closed-won",
            outcome="rejected" if number % 4 == 0 else "ready",
            kind="run.needs_attention" if number % 6 == 0 else "run.completed",
            step="mail" if number % 2 == 0 else "create",
            owner="Bob" if number % 3 == 1 else "Ann",
            reason="the api says 100%" if number % 6 == 0 else "",
            name="ÜNÏCODE Straße" if number % 9 == 0 else "",
        )
        for number in range(40)
    ]
    await hold(history, *(event for events in told for event in events))
    return expected(*told)


@pytest.mark.parametrize("query", QUERIES, ids=str)
async def test_a_query_gives_what_it_asks_for_newest_first(history: RunHistory, query: RunQuery) -> None:
    runs = await many(history)
    assert await history.select(query) == [run for run in runs if query.wants(run)]


@pytest.mark.parametrize("query", [RunQuery(limit=7), RunQuery(limit=3, workflow_id="renewal")])
async def test_pages_hold_each_run_once(history: RunHistory, query: RunQuery) -> None:
    runs = await many(history)
    found: list[RunSummary] = []
    page = list(await history.select(query))
    while page:
        found += page
        after = Cursor.parse(str(Cursor.of(page[-1])))
        page = list(await history.select(replace(query, after=after)))
    assert found == [run for run in runs if query.wants(run)]


async def test_a_page_is_not_moved_by_what_comes_meanwhile(history: RunHistory) -> None:
    runs = await many(history)
    first = await history.select(RunQuery(limit=5))
    await hold(history, *a_run(500))
    assert await history.select(RunQuery(limit=5, after=Cursor.of(first[-1]))) == runs[5:10]


async def test_finds_by_the_beginning_of_an_id(history: RunHistory) -> None:
    runs = await many(history)
    assert await history.find("run-012", limit=9) == [run for run in runs if run.run_id == "run-012"]
    assert await history.find("run-01", limit=50) == [run for run in runs if run.run_id.startswith("run-01")]
    assert len(await history.find("run-01", limit=4)) == 4
    assert [run.run_id for run in await history.find("006000000000007A", limit=9)] == ["run-007"]
    assert await history.find("un-", limit=9) == []
    assert await history.find("%", limit=9) == []


# Forgetting.


async def test_forgets_what_ended_before_and_keeps_what_is_open(history: RunHistory) -> None:
    ended, later, still_open = events_of(TOLD, "old"), events_of(TOLD, "new"), events_of(TOLD[:3], "open")
    later = [event.model_copy(update={"at": START + timedelta(days=10)}) for event in later]
    refused = [
        an_event(0, "command.refused", "", id=f"x{day}", at=START + timedelta(days=day)) for day in (0, 10)
    ]
    await hold(history, *ended, *later, *still_open, *refused)
    assert await history.prune(START + timedelta(days=5)) == 1
    assert await rows(history) == expected(later, still_open)
    assert await history.told("old") == []
    assert await history.told("open") == still_open
    assert [event.id for event in await history.loose(OPPORTUNITY)] == ["x10"]
    assert await history.prune(START + timedelta(days=5)) == 0


async def test_a_run_that_goes_on_after_it_was_forgotten_says_what_is_missing(history: RunHistory) -> None:
    await hold(history, *events_of(TOLD))
    await history.prune(START + timedelta(days=5))
    await hold(history, an_event(8, "run.rerun"), an_event(9, "step.started", step_id="create"))
    (run,) = await rows(history)
    assert (run.whole, run.sequence, run.events, run.ended) == (False, 9, 2, False)


async def test_forgets_more_than_one_transaction_holds(history: RunHistory) -> None:
    for start in range(0, 1200, 400):
        await hold(history, *(an_event(1, "run.cancelled", f"r{n}") for n in range(start, start + 400)))
    assert await history.prune(START + timedelta(days=1)) == 1200
    assert await rows(history) == []


# Rebuilding.


async def test_a_rebuilt_history_takes_the_place_of_the_old_one(history: RunHistory) -> None:
    await history.begin(TOPIC, {0: 0}, at=START)
    await history.append(events_of(TOLD, "old"), [Slice(TOPIC, 0, 0, 7)], at=START)
    events = events_of(TOLD, "new")
    for _ in range(2):  # the second one beside what the first has left
        async with history.rebuilding() as fresh:
            await fresh.begin(TOPIC, {0: 0}, at=START)
            assert await fresh.append(events, [Slice(TOPIC, 0, 0, 5)], at=START)
            assert await fresh.positions(TOPIC) == {0: 5}
            (before,) = await history.find("", limit=2)
        assert await rows(history) == expected(events)
        assert await history.positions(TOPIC) == {0: 5}
    assert before.run_id == "new"
    # A reader that went on with the old one meanwhile is sent back to where the new one is.
    assert not await history.append([], [Slice(TOPIC, 0, 7, 9)], at=START)
    assert await history.append(events_of(TOLD, "old"), [Slice(TOPIC, 0, 5, 9)], at=START)
    assert len(await rows(history)) == 2


async def test_a_rebuild_that_fails_leaves_the_old_one(history: RunHistory) -> None:
    events = events_of(TOLD, "old")
    await hold(history, *events)

    async def fail() -> None:
        async with history.rebuilding() as fresh:
            await hold(fresh, *events_of(TOLD, "new"))
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError):
        await fail()
    assert await rows(history) == expected(events)
    async with history.rebuilding() as fresh:
        assert await fresh.select(ALL) == []
    assert await rows(history) == []


async def test_moments_come_back_as_they_were(history: RunHistory) -> None:
    at = datetime.fromisoformat("2026-03-29T01:59:59.999999+02:00")
    await hold(history, an_event(1, "run.started", at=at, due=at))
    (run,) = await rows(history)
    assert (run.started_at, run.due) == (at, at)
    assert await history.select(RunQuery(since=at)) == [run]
    assert await history.select(RunQuery(after=Cursor(at, run.run_id))) == []

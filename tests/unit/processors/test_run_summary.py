"""Where a run stands after each thing that may happen to it."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.run_summary import summarize
from schemas.run_summary import RunSummary
from tests.fixtures.run_events import START, an_event, events_of

OF_NO_MOVE = ["command.refused", "deal.left_stage", "run.migrated", "notice.sent", "step.dreamt", ""]
Told = list[tuple[str, dict[str, object]]]


def summary(told: Told) -> RunSummary:
    run = summarize(None, events_of(told))
    assert run is not None
    return run


BEGUN: Told = [
    ("run.started", {"input": '{"stage": "Closed Won"}'}),
    ("step.started", {"step_id": "fetch", "step_type": "fetch"}),
]
READ: Told = [*BEGUN, ("step.completed", {"step_id": "fetch", "step_type": "fetch"})]
ASKED: Told = [
    *READ,
    ("step.started", {"step_id": "gate", "step_type": "approval"}),
    ("task.opened", {"step_id": "gate", "step_type": "approval", "task_id": "t1"}),
]
DONE: Told = [*READ, ("run.completed", {"outcome": "ready"})]


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ([("run.held", {"reason": "a storm"})], "held"),
        ([("run.held", {}), ("run.released", {})], "running"),
        ([("run.not_enrolled", {})], "not enrolled"),
        (BEGUN, "fetching"),
        (READ, "running"),
        ([*READ, ("step.started", {"step_id": "create"})], "waiting result"),
        ([*READ, ("step.started", {"step_id": "create"}), ("step.retry_scheduled", {})], "waiting time"),
        ([*READ, ("step.started", {"step_id": "pause"}), ("step.waiting", {})], "waiting time"),
        ([*READ, ("step.waiting", {}), ("step.timed_out", {})], "running"),
        ([*READ, ("step.skipped", {"step_id": "mail"})], "running"),
        ([*READ, ("step.failed", {}), ("run.needs_attention", {})], "needs attention"),
        ([*READ, ("run.needs_attention", {}), ("run.retried", {})], "fetching"),
        (ASKED, "waiting person"),
        *(
            ([*ASKED, (f"task.{what}", {"task_id": "t1"})], "waiting person")
            for what in ("claimed", "released", "delegated", "saved", "reminded", "escalated")
        ),
        ([*ASKED, ("task.answered", {"task_id": "t1"})], "waiting person"),  # one voice of several
        (
            [*ASKED, ("task.answered", {"task_id": "t1", "outcome": "approved"}), ("step.completed", {})],
            "running",
        ),
        ([*ASKED, ("task.expired", {"task_id": "t1"}), ("step.timed_out", {})], "running"),
        ([*ASKED, ("run.needs_attention", {})], "needs attention"),
        ([*ASKED, ("run.cancelled", {}), ("task.cancelled", {"task_id": "t1"})], "cancelled"),
        ([*ASKED, ("deal.left_stage", {}), ("task.opened", {"task_id": "t2"}),
          ("task.answered", {"task_id": "t2", "outcome": "stay"})], "waiting person"),
        ([*READ, ("step.waiting", {}), ("task.opened", {"task_id": "t2"}),
          ("task.answered", {"task_id": "t2", "outcome": "stay"})], "waiting time"),
        (DONE, "completed"),
        ([*READ, ("run.completed", {"outcome": "rejected"})], "rejected"),
        ([*READ, ("run.rejected", {"outcome": "rejected"})], "rejected"),
        ([*DONE, ("run.rerun", {}), ("step.started", {"step_id": "fetch"})], "fetching"),
        *(
            ([*before, (kind, {"reason": "why"})], status)
            for before, status in ((DONE, "completed"), (ASKED, "waiting person"), (READ, "running"))
            for kind in OF_NO_MOVE
        ),
        *(([*DONE, (kind, {})], "completed") for kind in ("step.started", "step.waiting", "task.cancelled")),
    ],
)  # fmt: skip
def test_the_status_after(told: Told, status: str) -> None:
    assert summary(told).status == status


def test_tells_when_it_began_moved_and_ended() -> None:
    run = summary(DONE)
    assert (run.started_at, run.updated_at, run.ended_at) == (
        START + timedelta(seconds=1),
        START + timedelta(seconds=4),
        START + timedelta(seconds=4),
    )
    later = summary([*DONE, ("task.cancelled", {})])
    assert (later.updated_at, later.ended_at) == (START + timedelta(seconds=5), run.ended_at)


def test_a_rerun_is_open_again() -> None:
    run = summary([*DONE, ("run.rerun", {"reason": "mended"})])
    assert (run.ended, run.ended_at, run.outcome, run.reason) == (False, None, "", "mended")


def test_tells_stage_step_owner_and_names() -> None:
    run = summary(
        [
            *READ,
            ("step.started", {"step_id": "create", "step_type": "create_account"}),
            ("step.completed", {"step_id": "create", "output": '{"account_name": "Zoë GmbH", "csm": null}'}),
            (
                "step.completed",
                {
                    "step_id": "csm",
                    "step_type": "assign_csm",
                    "output": '{"name": "Ann", "email": "a@b.c"}',
                },
            ),
            ("step.started", {"step_id": "mail"}),
            ("step.failed", {"step_id": "mail", "reason": "No ADDRESS"}),
            ("run.needs_attention", {"reason": "No ADDRESS"}),
        ]
    )
    assert (run.stage, run.step_id, run.owner, run.names) == ("Closed Won", "mail", "Ann", "Zoë GmbH")
    assert "zoë gmbh no address" in run.search
    assert run.opportunity_id.casefold() in run.search


def test_a_due_moment_holds_until_the_run_moves() -> None:
    due = START + timedelta(days=1)
    waiting: Told = [*READ, ("step.waiting", {"step_id": "pause", "due": due})]
    assert summary([*waiting, ("command.refused", {})]).due == due
    assert summary([*waiting, ("run.migrated", {"input": '{"step": "rest"}'})]).due == due
    assert summary([*waiting, ("run.migrated", {"input": '{"step": "rest"}'})]).step_id == "rest"
    assert summary([*waiting, ("step.completed", {"step_id": "pause"})]).due is None


@pytest.mark.parametrize(
    ("told", "version"),
    [({"from": 3, "to": 5, "step": "rest"}, 5), ({"to": "5", "step": "s"}, 3), ({"to": -5, "step": "s"}, 3),
     ({"to": True, "step": "s"}, 3), ({"to": {"to": 5}, "step": "s"}, 3), ({"step": "s"}, 3)],
)  # fmt: skip
def test_a_run_that_migrated_goes_by_its_new_version_at_once(told: dict[str, object], version: int) -> None:
    """Whoever deletes a version asks which runs go by it; one that has just come to it is among them."""
    assert summary([*READ, ("run.migrated", {"input": json.dumps(told)})]).workflow_version == version


@pytest.mark.parametrize(
    "text",
    ["stage", '"stage"', '{"stage": 7}', '{"stage": {"stage": 1}}', '["stage"]', '{"stage": "x', "[" * 5000,
     '{"name": ["stage"]}', '{"owner": 1e999}'],
)  # fmt: skip
def test_what_is_not_as_promised_is_left_out(text: str) -> None:
    run = summary([("run.started", {"input": text, "output": text})])
    assert (run.stage, run.owner, run.names) == ("", "", "")


def test_names_do_not_grow_without_end() -> None:
    run = summary([("step.completed", {"output": f'{{"name": "{"x" * 10_000}{n}"}}'}) for n in range(100)])
    assert len(run.names) < 2000
    run = summary([("step.completed", {"output": f'{{"name": "{n}-{"x" * 150}"}}'}) for n in range(100)])
    assert len(run.names) < 2000


def test_an_event_without_a_moment_breaks_nothing() -> None:
    run = summarize(None, [an_event(1, "run.started", at=None), an_event(2, "run.completed", at=None)])
    assert run is not None
    assert run.ended_at is not None


def test_says_that_earlier_events_are_missing() -> None:
    run = summarize(None, events_of(DONE)[2:])
    assert run is not None
    assert (run.whole, run.sequence, run.events) == (False, 4, 2)
    assert summary(DONE).whole


KINDS = [
    "run.started",
    "run.held",
    "run.completed",
    "run.rerun",
    "step.started",
    "step.waiting",
    "step.completed",
    "task.opened",
    "task.answered",
    "task.cancelled",
    "command.refused",
    "unknown",
]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(["", "t1", "t2"]))), st.data())
def test_carried_in_parts_and_again_it_is_the_same(told: list[tuple[str, str]], data: st.DataObject) -> None:
    events = events_of([(kind, {"task_id": task, "outcome": task}) for kind, task in told])
    cut = data.draw(st.integers(0, len(events)))
    again = data.draw(st.integers(0, cut))
    assert summarize(summarize(None, events[:cut]), events[again:]) == summarize(None, events)

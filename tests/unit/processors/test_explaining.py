"""One sentence says why a run stands where it stands."""

from datetime import timedelta
from typing import Any

import pytest

from processors.explaining import explain_run
from processors.history import tell
from schemas.task import Task, Vote
from tests.fixtures.run_events import ORG, START, events_of

GATE = {"step_id": "gate", "step_type": "approval"}
MAIL = {"step_id": "mail", "step_type": "send_email"}
TASK = Task(id="t1", org_id=ORG, run_id="r1", title="Approve Acme", people=("ann@x.example",),
            opened_at=START, due=START + timedelta(hours=1))  # fmt: skip


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([("step.started", GATE), ("task.opened", {"task_id": "t1"})], "waits for ann@x.example to approve"),
        ([("step.started", MAIL)], "role emails run?"),
        ([("run.held", {"reason": "too many"})], "too many. Let it go"),
        ([("step.failed", MAIL), ("run.needs_attention", {"reason": "no address"})], "no address. Mend it"),
        ([("run.completed", {"outcome": "ready"})], "ended as ready"),
        ([("run.cancelled", {"reason": "typo", "actor": "ops"})], "cancelled by ops"),
        ([("run.not_enrolled", {"reason": "the filter"})], "never started: the filter."),
    ],
)
def test_says_why(told: list[tuple[str, dict[str, Any]]], words: str) -> None:
    story = tell({}, events_of(told))["r1"]
    assert words in explain_run(story, [TASK], START)


def test_says_that_a_task_is_overdue() -> None:
    story = tell({}, events_of([("step.started", GATE), ("task.opened", {"task_id": "t1"})]))["r1"]
    assert "overdue since" in explain_run(story, [TASK], START + timedelta(days=1))


def explained(told: list[tuple[str, dict[str, Any]]], *tasks: Task, after: timedelta = timedelta()) -> str:
    return explain_run(tell({}, events_of(told))["r1"], tasks, START + after)


OPENED = [("step.started", GATE), ("task.opened", {"task_id": "t1", **GATE})]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "waits for ann@x.example to approve “Approve Acme” (task t1), since"),
        ({"claimed_by": "bob@x.example"}, "waits for bob@x.example, who has claimed it to approve"),
        ({"need": 2, "votes": (Vote(by="a", yes=True, at=START), Vote(by="b", yes=False, at=START))},
         "1 more yes needed"),
        ({"people": tuple(f"p{number}@x.example" for number in range(7))},
         "p4@x.example and 2 more to approve"),
        ({"people": ()}, "waits for nobody (see to it that somebody is asked)"),
        ({"kind": "form", "title": "", "step_id": "form"}, "to fill in “form”"),
        ({"kind": "claim"}, "to take"),
        ({"kind": "choice"}, "to choose about"),
        ({"kind": "riddle"}, "to answer"),
        ({"due": None}, f"since {START:%Y-%m-%d %H:%M:%S} UTC."),
    ],
)  # fmt: skip
def test_says_for_whom_it_waits(fields: dict[str, Any], words: str) -> None:
    assert words in explained(OPENED, TASK.model_copy(update=fields))


@pytest.mark.parametrize("fields", [{"run_id": "another"}, {"status": "done"}, {"status": "expired"}])
def test_does_not_speak_of_tasks_that_are_none_of_its_own_or_over(fields: dict[str, Any]) -> None:
    said = explained(OPENED, TASK.model_copy(update=fields))
    assert said.startswith("It waits for people at step gate")


@pytest.mark.parametrize(
    ("step_type", "role"),
    [("create_account", "accounts"), ("apply_template", "accounts"), ("assign_csm", "assignments"),
     ("send_email", "emails"), ("brief", "briefs"), ("fetch", "enrich")],
)  # fmt: skip
def test_names_the_role_that_answers_a_step(step_type: str, role: str) -> None:
    said = explained([("step.started", {"step_id": "s", "step_type": step_type})])
    assert f"Step s asked for its result at {START + SECOND:%Y-%m-%d %H:%M:%S} UTC" in said
    assert said.endswith(f"Does a worker with the role {role} run?")


SECOND = timedelta(seconds=1)
DUE = START + timedelta(hours=1)
WAITING = ("step.waiting", {"step_id": "pause", "step_type": "wait", "due": DUE})
NO = {"task_id": "t1", "outcome": "rejected", "actor": "ann", "reason": "dear"}
RETRY = ("step.retry_scheduled", {**MAIL, "attempt": 3, "reason": "503.", "due": DUE})


@pytest.mark.parametrize(
    ("told", "after", "words"),
    [
        ([("step.started", {"step_id": "pause", "step_type": "wait"}), WAITING], timedelta(),
         f"at step pause, since {START + SECOND:%Y-%m-%d %H:%M:%S} UTC, until {DUE:%Y-%m-%d %H:%M:%S} UTC."),
        ([WAITING], timedelta(hours=2), "overdue since"),
        ([("step.waiting", {"step_id": "pause", "step_type": "wait"})], timedelta(), ", without end."),
        ([("step.started", {**MAIL, "attempt": 3}), RETRY], timedelta(),
         "Step mail failed 3 times, at last with: 503. It is tried again by itself, until"),
        ([("run.cancelled", {})], timedelta(), "It was cancelled at"),
        ([("run.started", {})], timedelta(), "since"),
        ([*OPENED, ("task.answered", {**GATE, **NO}), ("run.completed", {"outcome": "rejected"})],
         timedelta(), "ann said no, dear."),
        ([("run.completed", {"outcome": "rejected"})], timedelta(), "It ended as rejected at"),
    ],
)  # fmt: skip
def test_says_until_when_and_how_it_ended(
    told: list[tuple[str, dict[str, Any]]], after: timedelta, words: str
) -> None:
    assert words in explained(told, after=after)

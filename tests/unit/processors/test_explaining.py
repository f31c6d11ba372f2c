"""One sentence says why a run stands where it stands."""

from datetime import timedelta
from typing import Any

import pytest

from processors.explaining import explain_run
from processors.history import tell
from schemas.task import Task
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

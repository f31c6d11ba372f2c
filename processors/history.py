"""What became of runs: the public events of runs, folded into stories a person can read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from schemas.run_event import RunEvent

_STATUS: Mapping[str, str] = {
    "run.started": "running",
    "run.held": "held",
    "run.not_enrolled": "not enrolled",
    "run.needs_attention": "needs attention",
    "run.completed": "completed",
    "run.cancelled": "cancelled",
    "step.started": "running",
    "step.completed": "running",
    "step.failed": "running",
    "step.retry_scheduled": "waiting to retry",
}
_ENDED = frozenset({"not enrolled", "completed", "cancelled"})
_STEP_STATUS: Mapping[str, str] = {
    "step.started": "started",
    "step.completed": "completed",
    "step.failed": "failed",
    "step.retry_scheduled": "waiting to retry",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStory:
    """One step of a run as it went. `input` and `output` are JSON text."""

    step_id: str
    step_type: str
    status: str = "started"
    attempts: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    input: str = ""
    output: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStory:
    """One run as it went. `sequence` is that of the last event it holds."""

    run_id: str
    org_id: str
    opportunity_id: str
    workflow_id: str
    workflow_version: int
    status: str = "running"
    outcome: str = ""
    reason: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    sequence: int = 0
    steps: tuple[StepStory, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.status in _ENDED


def tell(stories: Mapping[str, RunStory], events: Iterable[RunEvent]) -> dict[str, RunStory]:
    """Carry events into the stories of their runs. An event that a story holds already changes nothing."""
    told = dict(stories)
    for event in events:
        story = told.get(event.run_id) or RunStory(
            run_id=event.run_id,
            org_id=event.org_id,
            opportunity_id=event.opportunity_id,
            workflow_id=event.workflow_id,
            workflow_version=event.workflow_version,
            started_at=event.at,
        )
        if event.sequence > story.sequence:
            told[event.run_id] = _carry(story, event)
    return told


def _carry(story: RunStory, event: RunEvent) -> RunStory:
    status = _STATUS.get(event.kind, story.status)
    return replace(
        story,
        status=status,
        outcome=event.outcome if event.kind == "run.completed" else story.outcome,
        reason=event.reason if event.kind.startswith("run.") else story.reason,
        ended_at=event.at if status in _ENDED else None,
        sequence=event.sequence,
        steps=_steps(story.steps, event) if event.kind in _STEP_STATUS else story.steps,
    )


def _steps(steps: tuple[StepStory, ...], event: RunEvent) -> tuple[StepStory, ...]:
    before = next((step for step in reversed(steps) if step.step_id == event.step_id), None)
    fresh = before is None or (event.kind == "step.started" and before.status in ("completed", "failed"))
    step = (
        StepStory(step_id=event.step_id, step_type=event.step_type, started_at=event.at)
        if before is None or fresh
        else before
    )
    status = _STEP_STATUS[event.kind]
    step = replace(
        step,
        status=status,
        attempts=max(step.attempts, event.attempt),
        ended_at=event.at if status in ("completed", "failed") else None,
        input=event.input or step.input,
        output=event.output or step.output,
        error=event.reason if status in ("failed", "waiting to retry") else "",
    )
    if fresh:
        return (*steps, step)
    return tuple(step if known is before else known for known in steps)

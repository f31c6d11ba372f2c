"""What became of runs: the public events of runs, folded into stories a person can read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from processors.run_summary import summarize
from schemas.run_event import RunEvent
from schemas.run_summary import RunSummary, is_of_run

WAITING_TO_RETRY = "waiting to retry"
_STEP_STATUS: Mapping[str, str] = {
    "step.started": "started",
    "step.waiting": "waiting",
    "step.retry_scheduled": WAITING_TO_RETRY,
    "step.completed": "completed",
    "step.skipped": "skipped",
    "step.timed_out": "timed out",
    "step.failed": "failed",
}
_STEP_ENDED = frozenset({"completed", "skipped", "timed out", "failed"})


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
    """One run as it went: where it stands, its steps, and whatever else was told of it.

    `others` holds the events that are of no step, those of kinds that are not known here among them.
    """

    summary: RunSummary
    steps: tuple[StepStory, ...] = ()
    others: tuple[RunEvent, ...] = ()


def tell(stories: Mapping[str, RunStory], events: Iterable[RunEvent]) -> dict[str, RunStory]:
    """Carry events into the stories of their runs, in order of their sequence.

    An event that a story holds already changes nothing; one that is of no run is left out.
    """
    told = dict(stories)
    for event in sorted(filter(is_of_run, events), key=lambda event: event.sequence):
        story = told.get(event.run_id)
        before = story.summary if story is not None else None
        summary = summarize(before, [event])
        if summary is None or summary is before:
            continue
        story = story or RunStory(summary=summary)
        is_step = event.kind in _STEP_STATUS
        told[event.run_id] = replace(
            story,
            summary=summary,
            steps=_steps(story.steps, event) if is_step else story.steps,
            others=story.others if is_step else (*story.others, event),
        )
    return told


def _steps(steps: tuple[StepStory, ...], event: RunEvent) -> tuple[StepStory, ...]:
    before = next((step for step in reversed(steps) if step.step_id == event.step_id), None)
    fresh = before is None or (
        event.kind in ("step.started", "step.skipped") and before.status in _STEP_ENDED
    )
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
        ended_at=event.at if status in _STEP_ENDED else None,
        input=event.input or step.input,
        output=event.output or step.output,
        error=event.reason if status not in ("started", "completed") else "",
    )
    if fresh:
        return (*steps, step)
    return tuple(step if known is before else known for known in steps)

"""A run in one line: where it stands, since when and why. What lists of runs show and filter by."""

from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.run_event import RunEvent

FETCHING = "fetching"
RUNNING = "running"
WAITING_RESULT = "waiting result"
WAITING_PERSON = "waiting person"
WAITING_TIME = "waiting time"
HELD = "held"
NEEDS_ATTENTION = "needs attention"
COMPLETED = "completed"
REJECTED = "rejected"
CANCELLED = "cancelled"
NOT_ENROLLED = "not enrolled"

RUN_ENDED = frozenset({COMPLETED, REJECTED, CANCELLED, NOT_ENROLLED})

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a moment that no event told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One run as of its event `sequence`.

    `events` counts the events that it was made from: fewer than `sequence` means that earlier ones are no
    longer kept. `phase` is what `status` would be without `open_tasks`. `stage` is the one that started the
    run and `owner` whom the run was given to, else the deal's owner; both as far as the events tell them.
    `search` is what a search for a text looks in, casefolded.
    """

    run_id: str
    org_id: str
    opportunity_id: str
    workflow_id: str
    workflow_version: int
    stage: str = ""
    status: str = RUNNING
    phase: str = RUNNING
    outcome: str = ""
    reason: str = ""
    step_id: str = ""
    owner: str = ""
    open_tasks: tuple[str, ...] = ()
    due: datetime | None = None
    started_at: datetime = NEVER
    updated_at: datetime = NEVER
    ended_at: datetime | None = None
    sequence: int = 0
    events: int = 0
    names: str = ""
    search: str = ""

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.status in RUN_ENDED

    @property
    def whole(self) -> bool:
        """Whether it was made from every event up to the last one."""
        return self.events == self.sequence


def is_of_run(event: RunEvent) -> bool:
    """Whether an event is part of a run's history; a refused command may be part of none."""
    return bool(event.run_id) and event.sequence > 0

"""Runs a draft through the engine itself, with sinks and people that answer at once: no effect leaves it.

Time jumps to whatever falls due next. What nobody said is assumed, and every assumption is told.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from processors.catalogue import Catalogue
from processors.deal import Input, advance
from processors.what_if_answers import Script, from_person, from_sink
from schemas.base import Record
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.definition.documents import Activation, WorkflowVersion
from schemas.definition.queue import Queue
from schemas.email import SendEmail
from schemas.ids import derived_id
from schemas.inbox import DEAL_CHANGED, TIMER_DUE, InboxRecord
from schemas.published import Published
from schemas.run import ENDED, DealRuns, Purpose, Run, Status, Timer
from schemas.run_event import RunEvent
from schemas.stage import StageEntry
from schemas.task import Task

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC).isoformat()
_INSTANT = timedelta(milliseconds=1)
_MOST_INPUTS = 5000


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one trial: the state at its end, everything told and sent, and what was assumed."""

    state: DealRuns
    run: Run | None
    events: tuple[RunEvent, ...]
    mails: tuple[SendEmail, ...]
    published: tuple[Published, ...]
    assumed: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """How it ended, or what it waits for at the end of what can be known."""
        if self.run is None:
            refused = next((event for event in self.events if event.kind == "run.not_enrolled"), None)
            return "not enrolled" if refused is not None else "not started"
        if self.run.status in (Status.COMPLETED, Status.REJECTED):
            return self.run.reason
        return self.run.status.value.replace("_", " ")

    @property
    def path(self) -> tuple[str, ...]:
        """The steps that it came by, in order."""
        return path_of(self.events)


def path_of(events: Sequence[RunEvent]) -> tuple[str, ...]:
    """Give the steps that events tell of, in order; a step that is tried again counts once."""
    steps: list[str] = []
    for event in events:
        passed = event.kind in ("step.started", "step.skipped") and event.step_type not in ("fetch", "")
        if passed and (event.attempt <= 1 or not steps or steps[-1] != event.step_id):
            steps.append(event.step_id)
    return tuple(steps)


def draft_catalogue(version: WorkflowVersion, queues: Mapping[str, Queue] | None = None) -> Catalogue:
    """Give a catalogue in which only this version is active, and has been for long."""
    activation = Activation(version=version.version, since=_LONG_AGO)
    return Catalogue({(version.name, version.version): version}, {version.name: activation}, queues or {})


def simulate(
    catalogue: Catalogue,
    entry: StageEntry,
    deal: EnrichedDeal,
    script: Script,
    *,
    state: DealRuns | None = None,
) -> Trial:
    """Let a deal enter a stage, and follow what comes of it until it ends or waits for what nobody said.

    `state` is what is known of the opportunity from trials before.
    """
    return _World(catalogue, deal, script, state or DealRuns(), entry.entered_at or entry_moment()).run(entry)


def entry_moment() -> datetime:
    """Give the moment of an entry that has none."""
    return datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _World:
    catalogue: Catalogue
    deal: EnrichedDeal
    script: Script
    state: DealRuns
    at: datetime
    coming: deque[Input] = field(default_factory=deque)
    events: list[RunEvent] = field(default_factory=list)
    mails: dict[str, SendEmail] = field(default_factory=dict)
    published: dict[str, Published] = field(default_factory=dict)
    assumed: dict[str, None] = field(default_factory=dict)
    changed: bool = False

    def run(self, entry: StageEntry) -> Trial:
        before = set(self.state.runs)
        self.coming.append(entry)
        for _ in range(_MOST_INPUTS):
            if not self.coming and not self._something_happens():
                break
            self._take(self.coming.popleft())
        fresh = [run for run in self.state.runs.values() if run.entry_id == entry.id or run.id not in before]
        return Trial(
            self.state,
            fresh[-1] if fresh else None,
            tuple(self.events),
            tuple(self.mails.values()),
            tuple(self.published.values()),
            tuple(self.assumed),
        )

    def _take(self, record: Input) -> None:
        self.at += _INSTANT
        advanced = advance(self.state, record, self.at, self.catalogue)
        self.state = advanced.state
        for out in advanced.outputs:
            match out.record:
                case RunEvent() as event:
                    self.events.append(event)
                    if event.kind == "command.refused":
                        self.assumed[f"an answer was refused: {event.reason}"] = None
                case Published() as told:
                    self.published[told.id] = told
                case command:
                    self._answer(command)

    def _answer(self, record: Record) -> None:
        if isinstance(record, EnrichmentRequest):
            named = {"id": derived_id("enriched", record.id), "request_id": record.id}
            self.coming.append(self.deal.model_copy(update=named))
            return
        if isinstance(record, SendEmail):
            self.mails[record.id] = record
        said = (
            from_person(record, self.script, self.assumed)
            if isinstance(record, Task)
            else from_sink(record, self.script, self.catalogue.queues, self.deal, self.assumed)
        )
        self.coming.extend(said)

    def _something_happens(self) -> bool:
        """Let the deal change, where that was said, else let time go by until something falls due."""
        waiting = [run for run in self.state.runs.values() if run.status not in ENDED]
        if not waiting or all(run.status in (Status.NEEDS_ATTENTION, Status.HELD) for run in waiting):
            return False
        watching = any(
            run.status is Status.WAITING_TIME and run.timer(Purpose.WAIT) is None for run in waiting
        )
        if watching and self.script.later is not None and not self.changed:
            self.changed = True
            self.deal = self.script.later
            self.coming.append(self._inbox(waiting[0], DEAL_CHANGED, derived_id("changed", waiting[0].id)))
            return True
        due = [(run, timer) for run in waiting for timer in run.timers if timer.purpose is not Purpose.FORGET]
        if not due:
            return False
        run, timer = min(due, key=lambda each: each[1].due)
        self._assume_passing(run, timer)
        self.at = max(self.at, timer.due)
        self.coming.append(self._inbox(run, TIMER_DUE, timer.id))
        return True

    def _assume_passing(self, run: Run, timer: Timer) -> None:
        if timer.purpose is Purpose.TIME_OUT and not run.tasks:
            self.assumed[f"{run.step_id}: nothing ends it before its time-out"] = None

    def _inbox(self, run: Run, kind: str, cause: str) -> InboxRecord:
        return InboxRecord(
            id=cause,
            org_id=run.org_id,
            kind=kind,
            opportunity_id=run.opportunity_id,
            run_id=run.id,
            timer_id=cause if kind == TIMER_DUE else "",
        )

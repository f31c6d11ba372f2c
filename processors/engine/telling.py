"""What an event means for a run: how it stands, what happened, and what is asked for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.base import Record
from schemas.deal import EnrichedDeal
from schemas.ids import derived_id, event_id
from schemas.inbox import InboxRecord
from schemas.run import ATTEMPTS_OF_A_RERUN, Purpose, Run, Timer
from schemas.run_event import RunEvent
from schemas.stage import StageEntry


@dataclass(frozen=True, slots=True)
class Event:
    """An input of a run, and the moment it was written to Kafka. `deal` is known once it was read."""

    record: EnrichedDeal | InboxRecord | StageEntry
    at: datetime
    deal: EnrichedDeal | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What an event means: how the run stands now, what happened, and what is asked for (with its key)."""

    run: Run
    events: tuple[RunEvent, ...] = ()
    commands: tuple[tuple[Record, str], ...] = ()


@dataclass(slots=True)
class Telling:
    """Collects what happens to one run while it is decided on."""

    run: Run
    at: datetime
    cause: str
    actor: str = ""
    events: list[RunEvent] = field(default_factory=list)
    commands: list[tuple[Record, str]] = field(default_factory=list)

    def change(self, **fields: Any) -> None:
        """Change the run."""
        self.run = self.run.model_copy(update=fields)

    def tell(self, kind: str, *, step: tuple[str, str] = ("", ""), output: Mapping[str, Any] | None = None,
             attempt: int = 0, outcome: str = "", reason: str = "", given: Mapping[str, Any] | None = None,
             task_id: str = "", due: datetime | None = None) -> None:  # fmt: skip
        """Add an event to the run's history; `step` is its id and type."""
        sequence = self.run.sequence + 1
        self.change(sequence=sequence)
        self.events.append(
            RunEvent(
                id=event_id(self.run.id, sequence),
                org_id=self.run.org_id,
                kind=kind,
                opportunity_id=self.run.opportunity_id,
                run_id=self.run.id,
                workflow_id=self.run.workflow,
                workflow_version=self.run.version,
                sequence=sequence,
                at=self.at,
                step_id=step[0],
                step_type=step[1],
                attempt=attempt % ATTEMPTS_OF_A_RERUN,
                outcome=outcome,
                reason=reason,
                input=json.dumps(given, default=str) if given else "",
                output=json.dumps(output, default=str) if output else "",
                caused_by=self.cause,
                actor=self.actor,
                task_id=task_id,
                due=due,
            )
        )

    def refuse(self, reason: str, *, task_id: str = "") -> None:
        """Say no to what a person wants; the run stays as it is."""
        self.tell("command.refused", reason=reason, task_id=task_id)

    def wake(self, purpose: Purpose, due: datetime, *cause: str, about: str = "") -> None:
        """Set the timer for a purpose, in place of the one there may be."""
        timer = Timer(
            id=derived_id("timer", self.run.id, purpose, about, *cause), due=due, purpose=purpose, about=about
        )
        self.calm(purpose, about=about)
        self.change(timers=(*self.run.timers, timer))

    def calm(self, *purposes: Purpose, about: str | None = None) -> None:
        """Forget the timers for these purposes, or only those about one thing."""
        left = tuple(
            timer
            for timer in self.run.timers
            if timer.purpose not in purposes or (about is not None and timer.about != about)
        )
        if left != self.run.timers:
            self.change(timers=left)

    def done(self) -> Decision:
        """Give the whole of it."""
        return Decision(self.run, tuple(self.events), tuple(self.commands))

"""What may come of beginning a step, and what a step may look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from processors.context import Context, context
from schemas.base import Record
from schemas.deal import EnrichedDeal
from schemas.definition.documents import WorkflowVersion
from schemas.run import Run
from schemas.task import Task


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody was asked: the command, its Kafka key, and which part of the step it is."""

    run: Run
    command: Record
    key: str
    part: str


@dataclass(frozen=True, slots=True)
class Done:
    """The step is done. `goto` names the next step where the deal decided it; `sent` nobody waits for."""

    run: Run
    output: Mapping[str, Any] = field(default_factory=dict)
    goto: str | None = None
    sent: tuple[tuple[Record, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A person was asked. `left_empty` says of a form's fields why they could not be prefilled."""

    run: Run
    task: Task
    left_empty: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paused:
    """The run waits until a moment, or while `watching` until the deal has changed."""

    run: Run
    until: datetime | None = None
    watching: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over, with an outcome."""

    outcome: str


Outcome = Asked | Done | Opened | Paused | Ended


@dataclass(frozen=True, slots=True)
class Scene:
    """What a step may look at: the version it belongs to, the deal, and the moment it is asked at."""

    version: WorkflowVersion
    deal: EnrichedDeal
    at: datetime

    def names(self, run: Run) -> Context:
        """Give what expressions and templates may speak of."""
        return {
            **context(self.deal, run.account, run.csm),
            "vars": run.variables,
            "run": {"id": run.id, "workflow": run.workflow, "stage": run.stage, "entered_at": run.entered_at},
        }

"""The engine: one pure function, `decide(version, run, event) -> Decision`.

A run is walked step by step until it waits for something or ends. A step that asks a sink for something waits
for its result; the command's id is the effect id (run, step, visit, part), the same over every attempt, so an
effect is done once however often it is asked for.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from processors.conditions import holds
from processors.mapping import custom_fields
from processors.retries import retry_at
from processors.steps import Asked, Done, Ended, Scene, begin, repeat, resume
from schemas.base import Record
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.definition.documents import WorkflowVersion
from schemas.definition.steps import AnyStep, ApplyTemplate, Condition, SendEmail
from schemas.errors import BrokenInvariantError, StepError
from schemas.ids import derived_id, event_id, record_key
from schemas.inbox import FAILED, TIMER_DUE, InboxRecord
from schemas.run import ENDED, Pending, Run, Status, Timer
from schemas.run_event import RunEvent

FETCH = "fetch"
"""The step before the first one: reading the deal."""

_MOST_STEPS = 500


@dataclass(frozen=True, slots=True)
class Event:
    """An input of a run, and the moment it was written to Kafka. `deal` is known once it was read."""

    record: EnrichedDeal | InboxRecord
    at: datetime
    deal: EnrichedDeal | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What an event means: how the run stands now, what happened, and what is asked for (with its key)."""

    run: Run
    events: tuple[RunEvent, ...] = ()
    commands: tuple[tuple[Record, str], ...] = ()


@dataclass(slots=True)
class _Telling:
    """Collects what happens to one run while it is decided on."""

    run: Run
    at: datetime
    cause: str
    events: list[RunEvent] = field(default_factory=list)
    commands: list[tuple[Record, str]] = field(default_factory=list)

    def change(self, **fields: Any) -> None:
        self.run = self.run.model_copy(update=fields)

    def tell(self, kind: str, *, step: tuple[str, str] = ("", ""), output: Mapping[str, Any] | None = None,
             attempt: int = 0, outcome: str = "", reason: str = "", given: Mapping[str, Any] | None = None,
             ) -> None:  # fmt: skip
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
                attempt=attempt,
                outcome=outcome,
                reason=reason,
                input=json.dumps(given) if given else "",
                output=json.dumps(output, default=str) if output else "",
                caused_by=self.cause,
            )
        )

    def done(self) -> Decision:
        return Decision(self.run, tuple(self.events), tuple(self.commands))


def start(version: WorkflowVersion, run: Run, *, at: datetime, cause: str) -> Decision:
    """Begin a run by asking for its deal. One with a filter is told of only when the deal has passed it."""
    telling = _Telling(run, at, cause)
    request, key = fetch(run)
    telling.change(status=Status.FETCHING, step_id=FETCH,
                   pending=Pending(command_id=request.id, part=FETCH, since=at))  # fmt: skip
    if version.workflow.trigger.filter is None:
        _tell_start(telling)
    telling.commands.append((request, key))
    return telling.done()


def wanted_fields(version: WorkflowVersion) -> frozenset[str]:
    """Give the custom fields that a version speaks of."""
    expressions = [text for step in version.workflow.steps for text in _expressions(step)]
    return frozenset(
        custom_fields(version.mappings, " ".join([version.workflow.trigger.filter or "", *expressions]))
    )


def fetch(run: Run) -> tuple[EnrichmentRequest, str]:
    """Give the request for a run's deal. Runs that the same stage entry started share one request."""
    request = EnrichmentRequest(
        id=derived_id("fetch", run.entry_id),
        org_id=run.org_id,
        opportunity_id=run.opportunity_id,
        run_id=run.id,
        stage_entry_id=run.entry_id,
        attempt=run.pending.attempt if run.pending is not None else 1,
        custom_fields=run.fetch_fields,
        entered_stage=run.stage,
        entered_at=run.entered_at,
        previous_stage=run.previous_stage,
    )
    return request, record_key(run.org_id, "0")


def cancel(run: Run, reason: str, *, at: datetime, cause: str) -> Decision:
    """End an open run without finishing it; its timer and whatever it waits for become stale."""
    telling = _Telling(run, at, cause)
    telling.tell("run.cancelled", reason=reason)
    telling.change(status=Status.CANCELLED, pending=None, timer=None, reason=reason)
    return telling.done()


def decide(version: WorkflowVersion, run: Run, event: Event) -> Decision:
    """Decide what an event means for a run. What the run does not wait for changes nothing."""
    telling = _Telling(run, event.at, event.record.id)
    match event.record:
        case _ if run.status in ENDED:
            pass
        case EnrichedDeal() as deal if run.pending is not None and run.pending.command_id == deal.request_id:
            _fetched(telling, version, deal, run.pending)
        case InboxRecord(kind=kind) as due if kind == TIMER_DUE:
            if run.timer is not None and run.timer.id == due.timer_id:
                _try_again(telling, version, event)
        case InboxRecord() as result if (
            run.pending is not None and run.pending.command_id == result.command_id
        ):
            _answered(telling, version, event, result)
        case _:
            pass
    return telling.done()


def _fetched(telling: _Telling, version: WorkflowVersion, deal: EnrichedDeal, pending: Pending) -> None:
    condition = version.workflow.trigger.filter
    scene = Scene(version, deal, telling.at)
    telling.change(pending=None, timer=None, status=Status.WAITING_RESULT)
    if condition is not None:
        try:
            passed = holds(condition, scene.names(telling.run))
        except StepError as error:
            _tell_start(telling)
            _stuck(telling, (FETCH, FETCH), str(error))
            return
        if not passed:
            telling.tell("run.not_enrolled", reason=f"the filter does not hold: {condition}")
            telling.change(status=Status.NOT_ENROLLED, reason="filter")
            return
        _tell_start(telling)
    telling.tell("step.completed", step=(FETCH, FETCH), attempt=pending.attempt, output=_of_deal(deal))
    _walk(telling, scene, version.workflow.steps[0].id)


def _tell_start(telling: _Telling) -> None:
    telling.tell("run.started")
    telling.tell("step.started", step=(FETCH, FETCH), attempt=1)


def _answered(telling: _Telling, version: WorkflowVersion, event: Event, result: InboxRecord) -> None:
    run = telling.run
    pending = run.pending
    if pending is None or result.attempt < pending.attempt:
        return  # the answer to an attempt that was given up; the present one will be answered too
    if result.outcome == FAILED:
        _failed(telling, version, result)
        return
    if event.deal is None:
        raise BrokenInvariantError("a run waits for a result and its deal is gone", on=f"run {run.id}")
    step = version.workflow.step(run.step_id)
    scene = Scene(version, event.deal, event.at)
    telling.change(timer=None)
    try:
        outcome = resume(step, telling.run, scene, result)
    except StepError as error:
        _stuck(telling, (step.id, step.type), str(error))
        return
    if isinstance(outcome, Asked):
        _ask(telling, outcome)
        return
    if isinstance(outcome, Ended):
        raise BrokenInvariantError("a result ended a run", on=f"run {run.id}")
    telling.change(**_changes(outcome.run), pending=None)
    telling.tell("step.completed", step=(step.id, step.type), attempt=pending.attempt, output=outcome.output)
    _walk(telling, scene, outcome.goto or version.workflow.after(step))


def _failed(telling: _Telling, version: WorkflowVersion, result: InboxRecord) -> None:
    run, pending = telling.run, telling.run.pending
    if pending is None:
        return
    step = (run.step_id, _type(version, run.step_id))
    due = (
        retry_at(pending.command_id, pending.attempt, telling.at, result.retry_at)
        if result.retryable
        else None
    )
    if due is None:
        _stuck(telling, step, result.error or "it failed without a reason", attempt=pending.attempt)
        return
    telling.tell("step.retry_scheduled", step=step, attempt=pending.attempt, reason=result.error,
                 output={"due": due.isoformat()})  # fmt: skip
    timer = Timer(id=derived_id("retry", run.id, pending.command_id, str(pending.attempt)), due=due)
    telling.change(status=Status.WAITING_TIME, timer=timer)


def _try_again(telling: _Telling, version: WorkflowVersion, event: Event) -> None:
    run, pending = telling.run, telling.run.pending
    if pending is None:
        raise BrokenInvariantError("a timer fell due for a run that waits for nothing", on=f"run {run.id}")
    attempt = pending.attempt + 1
    step = (run.step_id, _type(version, run.step_id))
    telling.tell("step.started", step=step, attempt=attempt)
    telling.change(
        timer=None,
        status=Status.FETCHING if run.step_id == FETCH else Status.WAITING_RESULT,
        pending=pending.model_copy(update={"attempt": attempt}),
    )
    if run.step_id == FETCH:
        telling.commands.append(fetch(telling.run))
        return
    if event.deal is None:
        raise BrokenInvariantError("a run is to try again and its deal is gone", on=f"run {run.id}")
    scene = Scene(version, event.deal, pending.since)
    telling.commands.append(repeat(version.workflow.step(run.step_id), telling.run, scene))


def _walk(telling: _Telling, scene: Scene, goto: str | None) -> None:
    """Go from step to step until the run waits or ends."""
    for _ in range(_MOST_STEPS):
        if goto is None:
            _end(telling, "completed")
            return
        step = scene.version.workflow.step(goto)
        telling.change(step_id=step.id)
        telling.tell("step.started", step=(step.id, step.type), attempt=1)
        try:
            outcome = begin(step, telling.run, scene)
        except StepError as error:
            _stuck(telling, (step.id, step.type), str(error))
            return
        match outcome:
            case Asked():
                _ask(telling, outcome)
                return
            case Ended(outcome=name):
                telling.tell("step.completed", step=(step.id, step.type), attempt=1, output={"outcome": name})
                _end(telling, name)
                return
            case Done(run=run, output=output, goto=chosen):
                telling.change(**_changes(run))
                telling.tell("step.completed", step=(step.id, step.type), attempt=1, output=output)
                goto = chosen or scene.version.workflow.after(step)
    _stuck(telling, (telling.run.step_id, ""), f"more than {_MOST_STEPS} steps without waiting for anything")


def _ask(telling: _Telling, asked: Asked) -> None:
    telling.change(
        **_changes(asked.run),
        status=Status.WAITING_RESULT,
        pending=Pending(command_id=asked.command.id, part=asked.part, since=telling.at),
        timer=None,
    )
    telling.commands.append((asked.command, asked.key))


def _stuck(telling: _Telling, step: tuple[str, str], reason: str, attempt: int = 1) -> None:
    telling.tell("step.failed", step=step, attempt=attempt, reason=reason)
    telling.tell("run.needs_attention", reason=reason)
    telling.change(status=Status.NEEDS_ATTENTION, timer=None, reason=reason)


def _end(telling: _Telling, outcome: str) -> None:
    telling.tell("run.completed", outcome=outcome)
    telling.change(status=Status.COMPLETED, pending=None, timer=None, reason=outcome)


def _changes(run: Run) -> dict[str, Any]:
    """Give what a step may change of its run."""
    return {"account": run.account, "account_stored": run.account_stored, "csm": run.csm}


def _expressions(step: AnyStep) -> list[str]:
    """Give the expressions of a step, for the fields of the deal that they speak of."""
    match step:
        case Condition():
            return [branch.when for branch in step.branches]
        case ApplyTemplate():
            return list(step.variables.values())
        case SendEmail():
            return [entry for entry in (*step.to, *step.cc) if "@" not in entry]
        case _:
            return []


def _type(version: WorkflowVersion, step_id: str) -> str:
    return FETCH if step_id == FETCH else version.workflow.step(step_id).type


def _of_deal(deal: EnrichedDeal) -> dict[str, Any]:
    return {
        "deal": deal.id,
        "as_of": deal.as_of.isoformat() if deal.as_of else None,
        "contacts": len(deal.contacts),
        "notes": len(deal.notes),
        "activities": len(deal.activities),
        **({"unreadable_fields": list(deal.unreadable_fields)} if deal.unreadable_fields else {}),
    }

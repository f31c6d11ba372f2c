"""What a record means for an opportunity: which runs start, go on or end, and what is sent.

The state remembers the last input with what it caused: the same input again causes the same outputs again,
with the same ids, since the crash may have come between table and send. Older inputs that come again are
ignored: their outputs were acknowledged before the next input of the opportunity began.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from processors.catalogue import ActiveWorkflow, Catalogue
from processors.workflow import Decision, Event, cancel, decide, start, wanted_fields
from schemas.base import Record
from schemas.contracts import RECORDS
from schemas.deal import EnrichedDeal
from schemas.ids import derived_id, event_id, record_key, run_id
from schemas.inbox import InboxRecord
from schemas.run import ENDED, DealRuns, Run
from schemas.run_event import RunEvent
from schemas.stage import OPPORTUNITY_DELETED, STAGE_ENTERED, StageEntry

_OLDEST = timedelta(days=7)
_CLOCKS_APART = timedelta(seconds=5)
"""How far the org's stamps may lie before the moment that our own clock gave for the same instant."""
_REMEMBERED = 64
_LARGEST_DEAL = 256 * 1024


@dataclass(frozen=True, slots=True)
class Output:
    """One record to send: to the topic of its type, under this key."""

    record: Record
    key: str
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Advance:
    """The state to remember and the records to send.

    `missing` names a definition that a run is pinned to and the catalogue does not hold (yet): nothing was
    decided, look again after the control topic was read once more. `ignored` says why nothing came of it.
    """

    state: DealRuns
    outputs: tuple[Output, ...] = ()
    missing: str = ""
    ignored: str = ""


def advance(
    state: DealRuns | None,
    record: StageEntry | EnrichedDeal | InboxRecord,
    at: datetime,
    catalogue: Catalogue,
) -> Advance:
    """Decide what a record means; `at` is when it was written to Kafka, so that a replay decides the same."""
    known = state or DealRuns()
    if record.id == known.last_input:
        return Advance(known, tuple(_again(known)))
    if record.id in known.seen:
        return Advance(known.model_copy(update={"ignored": known.ignored + 1}), ignored="it came before")
    concerned = _concerned(known, record)
    for run in concerned:
        if (run.workflow, run.version) not in catalogue.versions:
            return Advance(known, missing=f"{run.workflow} v{run.version}")
    match record:
        case StageEntry(kind=kind) if kind == OPPORTUNITY_DELETED:
            reason = "the opportunity was deleted"
            decisions = [cancel(run, reason, at=at, cause=record.id) for run in concerned]
        case StageEntry():
            return _remember(known, record, *_enrol(known, record, at, catalogue))
        case _:
            decisions = [
                decide(
                    catalogue.versions[run.workflow, run.version],
                    run,
                    Event(record, at, known.deals.get(run.id)),
                )
                for run in concerned
            ]
    return _remember(known, record, decisions, ())


def _concerned(known: DealRuns, record: Record) -> list[Run]:
    """Give the open runs that a record may mean something to."""
    runs = [run for run in known.runs.values() if run.status not in ENDED]
    match record:
        case EnrichedDeal() as deal:
            return [run for run in runs if run.pending and run.pending.command_id == deal.request_id]
        case InboxRecord() as result if result.timer_id:
            return [run for run in runs if run.id == result.run_id]
        case InboxRecord() as result:
            return [run for run in runs if run.pending and run.pending.command_id == result.command_id]
        case StageEntry(kind=kind) if kind == OPPORTUNITY_DELETED:
            return runs
        case _:
            return []


def _enrol(
    known: DealRuns, entry: StageEntry, at: datetime, catalogue: Catalogue
) -> tuple[list[Decision], list[RunEvent]]:
    """Start a run of each active workflow that waits for this stage, or say why none starts."""
    decisions: list[Decision] = []
    refused: list[RunEvent] = []
    if entry.kind != STAGE_ENTERED:
        return decisions, refused
    starting: list[tuple[ActiveWorkflow, Run]] = []
    for active in catalogue.active():
        trigger = active.version.workflow.trigger
        if entry.stage not in trigger.stages or (trigger.orgs and entry.org_id not in trigger.orgs):
            continue
        run = _new_run(active, entry)
        reason = _refusal(known, active, entry, run, at)
        if reason:
            refused.append(_not_enrolled(active, entry, reason, at))
        else:
            starting.append((active, run))
    fields = tuple(sorted({name for active, _ in starting for name in wanted_fields(active.version)}))
    for active, run in starting:
        asking = run.model_copy(update={"fetch_fields": fields})
        decisions.append(start(active.version, asking, at=at, cause=entry.id))
    return decisions, refused


def _new_run(active: ActiveWorkflow, entry: StageEntry) -> Run:
    name = active.version.name
    return Run(
        id=run_id(name, entry.org_id, entry.opportunity_id, entry.opportunity_id),
        org_id=entry.org_id,
        opportunity_id=entry.opportunity_id,
        workflow=name,
        version=active.version.version,
        entry_id=entry.id,
        stage=entry.stage,
        entered_at=entry.entered_at,
        previous_stage=entry.previous_stage,
    )


def _refusal(known: DealRuns, active: ActiveWorkflow, entry: StageEntry, run: Run, at: datetime) -> str:
    if run.id in known.runs:
        return f"run {run.id} exists: this workflow runs once for an opportunity"
    moment = entry.entered_at or at
    if moment < active.since - _CLOCKS_APART:
        return f"the stage was entered at {moment.isoformat()}, before the workflow became active"
    if moment < at - _OLDEST:
        return f"the stage was entered at {moment.isoformat()}, more than {_OLDEST.days} days ago"
    return ""


def _not_enrolled(active: ActiveWorkflow, entry: StageEntry, reason: str, at: datetime) -> RunEvent:
    # Not the id of the run that exists: its history must not be continued by this.
    refusal = derived_id("not-enrolled", entry.id, active.version.name)
    return RunEvent(
        id=event_id(refusal, 1),
        org_id=entry.org_id,
        kind="run.not_enrolled",
        opportunity_id=entry.opportunity_id,
        run_id=refusal,
        workflow_id=active.version.name,
        workflow_version=active.version.version,
        sequence=1,
        at=at,
        reason=reason,
        caused_by=entry.id,
    )


def _remember(
    known: DealRuns, record: Record, decisions: Iterable[Decision], told: Iterable[RunEvent]
) -> Advance:
    runs, deals = dict(known.runs), dict(known.deals)
    outputs: dict[str, Output] = {}
    for event in told:
        outputs[event.id] = Output(event, record_key(event.org_id, event.opportunity_id), event.run_id)
    for decision in decisions:
        run = decision.run
        runs[run.id] = _shrunk(run) if run.status in ENDED else run
        if run.status in ENDED:
            deals.pop(run.id, None)
        elif isinstance(record, EnrichedDeal):
            deals[run.id] = _bounded(record)
        for event in decision.events:
            outputs[event.id] = Output(event, record_key(run.org_id, run.opportunity_id), run.id)
        for command, key in decision.commands:
            outputs.setdefault(command.id, Output(command, key, run.id))
    sent = tuple(outputs.values())
    state = DealRuns(
        runs=runs,
        deals=deals,
        last_input=record.id,
        last_outputs=tuple((out.record.ce_type, out.key, out.record.model_dump_json()) for out in sent),
        seen=(*known.seen, known.last_input)[-_REMEMBERED:] if known.last_input else known.seen,
        ignored=known.ignored,
    )
    return Advance(state, sent, ignored="" if sent else "nobody waits for it")


def _again(known: DealRuns) -> Iterable[Output]:
    for ce_type, key, body in known.last_outputs:
        record = RECORDS[ce_type].model_validate_json(body)
        yield Output(record, key, getattr(record, "run_id", ""))


def _shrunk(run: Run) -> Run:
    """Give what is kept of a run for ever: that it was, and how it ended."""
    return run.model_copy(update={"account": None, "csm": None, "pending": None, "timer": None})


def _bounded(deal: EnrichedDeal) -> EnrichedDeal:
    """Give a deal that fits into the state: without the text of its notes, if it is too large with it."""
    if len(deal.model_dump_json()) <= _LARGEST_DEAL:
        return deal
    notes = tuple(note.model_copy(update={"text": "", "truncated": True}) for note in deal.notes)
    short = deal.model_copy(update={"notes": notes[:100], "activities": deal.activities[:100]})
    description = {"description": None}
    smaller = short.model_copy(update={"opportunity": short.opportunity.model_copy(update=description)})
    return short if len(short.model_dump_json()) <= _LARGEST_DEAL else smaller

"""What a record means for an opportunity: which runs start, go on or end, and what is sent.

The state remembers the last input with what it caused: the same input again causes the same outputs again,
with the same ids, since the crash may have come between table and send. Older inputs that come again are
ignored: their outputs were acknowledged before the next input of the opportunity began.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from processors.catalogue import Catalogue
from processors.engine.leaving import watches
from processors.engine.orphans import without_definition
from processors.engine.telling import Decision, Event
from processors.enrolment import enrol
from processors.workflow import cancel, decide
from schemas.base import Record
from schemas.contracts import RECORDS
from schemas.deal import EnrichedDeal
from schemas.ids import derived_id, event_id, record_key
from schemas.inbox import COMMAND, DEAL_CHANGED, InboxRecord
from schemas.run import ENDED, DealRuns, Run
from schemas.run_event import RunEvent
from schemas.stage import OPPORTUNITY_DELETED, STAGE_ENTERED, StageEntry
from schemas.task import Task

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


Input = StageEntry | EnrichedDeal | InboxRecord


def advance(
    state: DealRuns | None, record: Input, at: datetime, catalogue: Catalogue, crowded: Collection[str] = ()
) -> Advance:
    """Decide what a record means; `at` is when it was written to Kafka, so that a replay decides the same.

    Runs of `crowded` workflows are held at their enrolment.
    """
    known = state or DealRuns()
    if record.id == known.last_input:
        return Advance(known, tuple(_again(known)))
    if record.id in known.seen:
        return Advance(known.model_copy(update={"ignored": known.ignored + 1}), ignored="it came before")
    open_runs = [run for run in known.runs.values() if run.status not in ENDED]
    for run in _pinned(known, record, open_runs):
        if (run.workflow, run.version) not in catalogue.versions and not _orphaned(run, record, catalogue):
            return Advance(known, missing=f"{run.workflow} v{run.version}")
    concerned = _concerned(known, record, open_runs, catalogue)
    told: tuple[RunEvent, ...] = ()
    decisions: list[Decision] = []
    if isinstance(record, StageEntry) and record.kind == OPPORTUNITY_DELETED:
        decisions += [cancel(run, "the opportunity was deleted", at=at, cause=record.id) for run in concerned]
    else:
        decisions += [_decision(known, run, record, at, catalogue) for run in concerned]
    if isinstance(record, StageEntry) and record.kind == STAGE_ENTERED:
        enrolments = enrol(known, record, at, catalogue, crowded)
        decisions += enrolments.decisions
        told = enrolments.refused
    if isinstance(record, InboxRecord) and record.kind == COMMAND and not concerned:
        told = (_no_such_run(record, at),)
    return _remember(known, record, decisions, told)


def _pinned(known: DealRuns, record: Input, open_runs: list[Run]) -> list[Run]:
    """Give the runs whose definitions must be known to decide on a record."""
    match record:
        case InboxRecord(kind=kind) as one if kind == COMMAND:
            return [known.runs[one.run_id]] if one.run_id in known.runs else []
        case StageEntry(kind=kind) if kind == OPPORTUNITY_DELETED:
            return []
        case _:
            return open_runs


def _concerned(known: DealRuns, record: Input, open_runs: list[Run], catalogue: Catalogue) -> list[Run]:
    """Give the runs that a record may mean something to."""
    match record:
        case EnrichedDeal() as deal:
            return [run for run in open_runs if run.pending and run.pending.command_id == deal.request_id]
        case InboxRecord(kind=kind) if kind == DEAL_CHANGED:
            return [run for run in open_runs if watches(run, catalogue.versions[run.workflow, run.version])]
        case InboxRecord(timer_id=timer) if timer:
            return [run for run in known.runs.values() if any(each.id == timer for each in run.timers)]
        case InboxRecord() as one if one.kind == COMMAND:
            return [known.runs[one.run_id]] if one.run_id in known.runs else []
        case InboxRecord() as result:
            return [run for run in known.runs.values() if _waits_for(run, result.command_id)]
        case StageEntry(kind=kind) if kind == OPPORTUNITY_DELETED:
            return open_runs
        case StageEntry(kind=kind, late=False) if kind == STAGE_ENTERED:
            return [run for run in open_runs if _has_left(run, record, catalogue)]
        case _:
            return []


def _waits_for(run: Run, command_id: str) -> bool:
    return command_id in run.notices or (run.pending is not None and run.pending.command_id == command_id)


def _has_left(run: Run, entry: StageEntry, catalogue: Catalogue) -> bool:
    version = catalogue.versions[run.workflow, run.version]
    return entry.stage not in version.workflow.trigger.stages or watches(run, version)


def _orphaned(run: Run, record: Input, catalogue: Catalogue) -> bool:
    """Whether a record is to be taken without the definition, since that was deleted."""
    said = isinstance(record, InboxRecord) and (record.kind == COMMAND or run.status in ENDED)
    return said and (run.workflow, run.version) in catalogue.deleted


def _decision(known: DealRuns, run: Run, record: Input, at: datetime, catalogue: Catalogue) -> Decision:
    if isinstance(record, InboxRecord) and _orphaned(run, record, catalogue):
        return without_definition(run, record, at=at)
    version = catalogue.versions[run.workflow, run.version]
    target = (
        catalogue.versions.get((run.workflow, record.version)) if isinstance(record, InboxRecord) else None
    )
    return decide(version, run, Event(record, at, known.deals.get(run.id)), target=target)


def _no_such_run(word: InboxRecord, at: datetime) -> RunEvent:
    # Without a run there is no history to continue, and no reader takes it for a run.
    return RunEvent(
        id=event_id(derived_id("refused", word.id), 1),
        org_id=word.org_id,
        kind="command.refused",
        opportunity_id=word.opportunity_id,
        sequence=1,
        at=at,
        reason=f"this deal has no run {word.run_id}",
        caused_by=word.id,
        actor=word.actor,
        task_id=word.task_id,
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
        runs[run.id] = run
        if run.status in ENDED:
            deals.pop(run.id, None)
        elif isinstance(record, EnrichedDeal):
            deals[run.id] = _bounded(record)
        for event in decision.events:
            outputs[event.id] = Output(event, record_key(run.org_id, run.opportunity_id), run.id)
        for command, key in decision.commands:
            if isinstance(command, Task):
                outputs.pop(command.id, None)  # of a task only the latest revision counts
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


def _bounded(deal: EnrichedDeal) -> EnrichedDeal:
    """Give a deal that fits into the state: without the text of its notes, if it is too large with it."""
    if len(deal.model_dump_json()) <= _LARGEST_DEAL:
        return deal
    notes = tuple(note.model_copy(update={"text": "", "truncated": True}) for note in deal.notes)
    short = deal.model_copy(update={"notes": notes[:100], "activities": deal.activities[:100]})
    description = {"description": None}
    smaller = short.model_copy(update={"opportunity": short.opportunity.model_copy(update=description)})
    return short if len(short.model_dump_json()) <= _LARGEST_DEAL else smaller

"""Whether a stage entry starts a run of a workflow, and if not, why not."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from processors.catalogue import ActiveWorkflow, Catalogue
from processors.engine.reading import wanted_fields
from processors.engine.telling import Decision
from processors.workflow import hold, start
from schemas.ids import derived_id, event_id, run_id
from schemas.run import ENDED, DealRuns, Run, Status
from schemas.run_event import RunEvent
from schemas.stage import StageEntry

OLDEST = timedelta(days=7)
"""An entry that is older starts nothing: somebody would have seen to the deal by hand."""
CLOCKS_APART = timedelta(seconds=5)
"""How far the org's clock may be behind the one that stamped the activation."""


@dataclass(frozen=True, slots=True)
class Enrolments:
    """The runs that an entry starts, and the refusals to tell of."""

    decisions: tuple[Decision, ...] = ()
    refused: tuple[RunEvent, ...] = ()


def enrol(
    known: DealRuns, entry: StageEntry, at: datetime, catalogue: Catalogue, crowded: Collection[str] = ()
) -> Enrolments:
    """Start a run of each active workflow that waits for this entry; hold those of `crowded` workflows."""
    refused: list[RunEvent] = []
    starting: list[tuple[ActiveWorkflow, Run]] = []
    for active in waiting_for(entry, catalogue):
        run = _new_run(known, active, entry)
        reason = _refusal(known, active, entry, run, at)
        if reason:
            refused.append(_not_enrolled(active, entry, reason, at))
        else:
            starting.append((active, run))
    fields = tuple(sorted({name for active, _ in starting for name in wanted_fields(active.version)}))
    decisions: list[Decision] = []
    for active, run in starting:
        asking = run.model_copy(update={"fetch_fields": fields})
        if active.version.name in crowded:
            reason = f"more than {active.version.workflow.trigger.hold_over} enrolments in a minute"
            decisions.append(hold(asking, reason, at=at, cause=entry.id))
        else:
            decisions.append(start(active.version, asking, at=at, cause=entry.id))
    return Enrolments(tuple(decisions), tuple(refused))


def waiting_for(entry: StageEntry, catalogue: Catalogue) -> Iterable[ActiveWorkflow]:
    """Give the active workflows whose trigger this entry meets."""
    came = "create" if entry.created_in_stage else "change"
    for active in catalogue.active():
        trigger = active.version.workflow.trigger
        if (
            entry.stage in trigger.stages
            and came in trigger.entering
            and (not trigger.orgs or entry.org_id in trigger.orgs)
        ):
            yield active


def _new_run(known: DealRuns, active: ActiveWorkflow, entry: StageEntry) -> Run:
    name = active.version.name
    once = active.version.workflow.trigger.enrol == "once"
    identity = run_id(name, entry.org_id, entry.opportunity_id, entry.opportunity_id if once else entry.id)
    before = known.runs.get(identity)
    return Run(
        id=identity,
        sequence=before.sequence if before is not None else 0,
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
    rule = active.version.workflow.trigger.enrol
    # A deal that did not pass the filter may pass it at its next entry.
    before = [
        each
        for each in known.runs.values()
        if each.workflow == run.workflow and each.status is not Status.NOT_ENROLLED
    ]
    if rule == "once" and before:
        return f"run {before[-1].id} exists: this workflow runs once for an opportunity"
    if any(each.id == run.id for each in before):
        return f"run {run.id} exists: this workflow runs once for a stage entry"
    if rule == "after_end":
        running = next((each for each in before if each.status not in ENDED), None)
        if running is not None:
            return f"run {running.id} has not ended: this workflow runs again only after that"
    moment = entry.entered_at or at
    if moment < active.since - CLOCKS_APART:
        return f"the stage was entered at {moment.isoformat()}, before the workflow became active"
    if moment < at - OLDEST:
        return f"the stage was entered at {moment.isoformat()}, more than {OLDEST.days} days ago"
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

"""Why a deal never started a run, in a sentence or one a workflow: from what was heard of its stages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from processors.catalogue import Catalogue
from processors.enrolment import CLOCKS_APART, waiting_for
from schemas.change import Checkpoint
from schemas.definition.documents import Workflow
from schemas.run_summary import NEVER, RunSummary
from schemas.stage import OPPORTUNITY_DELETED, STAGE_ENTERED, StageEntry

_FRESH = timedelta(minutes=2)
"""A subscription tells at least once a minute and a half how far it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is known of an opportunity without a run.

    `entries` are its stage entries in order; `refused` the enrolments that were decided against;
    `checkpoints` the latest one of each subscription; `orgs` how many orgs the settings name.
    """

    entries: Sequence[StageEntry]
    refused: Sequence[RunSummary]
    checkpoints: Sequence[Checkpoint]
    catalogue: Catalogue
    orgs: int


def explain_absence(heard: Heard, now: datetime) -> list[str]:
    """Say why there is no run."""
    if not heard.entries:
        return [_not_heard(heard, now)]
    last = heard.entries[-1]
    if last.kind == OPPORTUNITY_DELETED:
        return [f"The opportunity was deleted{_since(last)}."]
    refused = {run.workflow_id: run for run in heard.refused}
    told = [
        f"{name} did not start: {run.reason.rstrip('.') or 'no reason was told'}."
        for name, run in sorted(refused.items())
    ]
    entered = [entry for entry in heard.entries if entry.kind == STAGE_ENTERED]
    told += list(_still_to_come(entered, refused, heard.catalogue))
    told += list(_not_meant(entered, heard.catalogue))
    return told or [_not_triggering(entered, heard.catalogue)]


def latest(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """Give the checkpoint that holds of each subscription."""
    holding: dict[tuple[str, str], Checkpoint] = {}
    for each in checkpoints:
        known = holding.get((each.org_id, each.channel))
        if known is None or (each.epoch, each.sequence) > (known.epoch, known.sequence):
            holding[each.org_id, each.channel] = each
    return list(holding.values())


def _not_heard(heard: Heard, now: datetime) -> str:
    if not heard.checkpoints:
        if not heard.orgs:
            return "No org is connected: name one under [orgs] in the settings, and run dealwire subscriber."
        return "No org was ever listened to: type dealwire subscriber --org NAME."
    behind = [each for each in heard.checkpoints if now - _known(each) > _FRESH]
    if behind:
        standing = ", ".join(f"{each.org_id} up to {_at(_known(each))}" for each in behind)
        return (
            f"No stage entry of this deal was heard, and changes are only known of org {standing}; what came "
            "later is not here yet. Does dealwire subscriber run?"
        )
    orgs = ", ".join(sorted({each.org_id for each in heard.checkpoints}))
    return (
        f"No stage entry of this deal was heard: it has entered no stage since org {orgs} was connected, or "
        "it is a deal of another org."
    )


def _still_to_come(
    entered: Sequence[StageEntry], refused: Mapping[str, RunSummary], catalogue: Catalogue
) -> Iterator[str]:
    """Say which workflows have an entry before them that they have not answered, or came too late for it."""
    unanswered: dict[str, tuple[StageEntry, datetime]] = {}
    for entry in entered:
        for active in waiting_for(entry, catalogue):
            if active.version.name not in refused:
                unanswered[active.version.name] = entry, active.since
    for name, (entry, since) in sorted(unanswered.items()):
        # Nobody is told of an entry that came when the workflow was none yet, or retired.
        if entry.entered_at is not None and entry.entered_at < since - CLOCKS_APART:
            yield (
                f"{name} did not start: the deal entered {entry.stage}{_since(entry)}, and it is active "
                f"since {_at(since)}."
            )
            continue
        yield (
            f"{name} has not answered yet: the deal entered {entry.stage}{_since(entry)}. Does a worker with "
            "the role workflow run?"
        )


def _not_meant(entered: Sequence[StageEntry], catalogue: Catalogue) -> Iterator[str]:
    """Say which workflows would have started but for a word in their definition."""
    active = {each.version.name for each in catalogue.active()}
    for name in sorted({name for name, _ in catalogue.versions}):
        version = catalogue.latest(name)
        if version is None:
            continue
        entry = next(
            (each for each in reversed(entered) if each.stage in version.workflow.trigger.stages), None
        )
        if entry is None:
            continue
        if name not in active:
            yield f"{name} v{version.version} is not active; {entry.stage} would start it."
        elif reason := _left_out(version.workflow, entry):
            yield f"{name} did not start: {reason}."


def _left_out(workflow: Workflow, entry: StageEntry) -> str:
    trigger = workflow.trigger
    if trigger.orgs and entry.org_id not in trigger.orgs:
        return f"it is not for org {entry.org_id}"
    came = "create" if entry.created_in_stage else "change"
    if came not in trigger.entering:
        how = "was created in" if entry.created_in_stage else "was moved to"
        return f"the deal {how} {entry.stage}, and it starts only by {', '.join(trigger.entering)}"
    return ""


def _not_triggering(entered: Sequence[StageEntry], catalogue: Catalogue) -> str:
    stages = sorted({stage for each in catalogue.active() for stage in each.version.workflow.trigger.stages})
    if not stages:
        return "No workflow is active: type dealwire apply -f FILE."
    seen = ", ".join(dict.fromkeys(entry.stage for entry in entered)) or "no stage"
    where = f" The last one{_since(entered[-1])}." if entered else ""
    return f"It entered {seen}, and workflows start at {', '.join(stages)}.{where}"


def _known(checkpoint: Checkpoint) -> datetime:
    moments = [each for each in (checkpoint.quiet_until, checkpoint.last_event_at) if each is not None]
    return max(moments, default=NEVER)


def _since(entry: StageEntry) -> str:
    return f" at {_at(entry.entered_at)}" if entry.entered_at is not None else ""


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

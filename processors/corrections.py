"""Which runs an operator means, and what the engine will say as far as the history knows them."""

from collections.abc import Mapping, Sequence

from processors.catalogue import Catalogue
from processors.engine.correcting import no_way
from schemas.errors import UsageError
from schemas.inbox import InboxRecord
from schemas.run import Run, Status
from schemas.run_summary import (
    CANCELLED,
    COMPLETED,
    FETCHING,
    HELD,
    NEEDS_ATTENTION,
    NOT_ENROLLED,
    REJECTED,
    RUNNING,
    WAITING_PERSON,
    WAITING_RESULT,
    WAITING_TIME,
    RunSummary,
)

_WAITING = (WAITING_PERSON, WAITING_TIME, NEEDS_ATTENTION)
_GOING = (*_WAITING, WAITING_RESULT, RUNNING)
MEANT: Mapping[str, tuple[str, ...]] = {
    "retry": (NEEDS_ATTENTION,),
    "cancel": (*_GOING, FETCHING, HELD),
    "skip": _GOING,
    "rerun": (*_GOING, COMPLETED, REJECTED, CANCELLED),
    "start": (HELD,),
    "migrate": (*_WAITING, HELD),
    "reassign": (*_WAITING, COMPLETED, REJECTED, CANCELLED),
}
"""The statuses that a command is for: those that a filter means by itself."""
STATUSES = (*_GOING, FETCHING, HELD, COMPLETED, REJECTED, CANCELLED, NOT_ENROLLED)
_ALSO: Mapping[str, tuple[str, ...]] = {"retry": (WAITING_TIME,)}
"""Further ones that it may do something for: a run that waits to retry is tried at once."""


def one_run(found: Sequence[RunSummary], beginning: str) -> RunSummary:
    """Give the one run that is meant, of those whose id or opportunity begins so.

    A refused enrolment counts only where there is nothing else. Raises `UsageError` for none or several.
    """
    exact = [run for run in found if run.run_id == beginning]
    real = exact or [run for run in found if run.status != NOT_ENROLLED] or list(found)
    if len(real) == 1:
        return real[0]
    if not real:
        raise UsageError(f"no run {beginning!r:.60} is in the history", todo="Type: dealwire runs list")
    named = "; ".join(f"{run.run_id} ({run.workflow_id}, {run.status})" for run in real)
    raise UsageError(f"{beginning!r:.60} means {len(real)} runs: {named}", todo="Give the id of one.")


def foreseen(run: RunSummary, word: InboxRecord, catalogue: Catalogue) -> str:
    """Say why the engine would refuse a command for the run as it is known here; empty where it would not."""
    if run.status not in (*MEANT[word.command], *_ALSO.get(word.command, ())):
        return f"it is {run.status}"
    version = catalogue.versions.get((run.workflow_id, run.workflow_version))
    if version is None:
        return f"{run.workflow_id} v{run.workflow_version} is not known here"
    if word.command == "migrate":
        target = catalogue.versions.get((run.workflow_id, word.version))
        return no_way(_as_run(run), version, word, target)
    steps = [step.id for step in version.workflow.steps]
    if word.command == "rerun" and word.step_id and word.step_id not in steps:
        return f"v{run.workflow_version} has no step {word.step_id!r:.63}; its steps are: {', '.join(steps)}"
    return ""


def step_map(words: Sequence[str]) -> dict[str, str]:
    """Read `old=new` words: which step takes whose place. Raises `UsageError`."""
    steps: dict[str, str] = {}
    for word in words:
        old, _, new = (part.strip() for part in word.partition("="))
        if not old or not new or old in steps:
            raise UsageError(f"{word!r:.60} maps no step", todo="Write each once, as --map old=new.")
        steps[old] = new
    return steps


def _as_run(run: RunSummary) -> Run:
    known = {status.value.replace("_", " "): status for status in Status}
    return Run(
        id=run.run_id,
        org_id=run.org_id,
        opportunity_id=run.opportunity_id,
        workflow=run.workflow_id,
        version=run.workflow_version,
        status=known.get(run.status, Status.WAITING_RESULT),
        step_id=run.step_id,
    )

"""What operators want of runs: another try, the next step, an end, a rerun, another version."""

from processors.engine.reading import AGAIN, FETCH, read, tell_start
from processors.engine.reassigning import reassign
from processors.engine.telling import Event, Telling
from processors.engine.walking import close, drop, put, walk
from processors.outcomes import Scene
from schemas.definition.documents import WorkflowVersion
from schemas.definition.people import Approval
from schemas.definition.steps import End
from schemas.inbox import InboxRecord
from schemas.run import ENDED, Purpose, Run, Status

_MOST_RERUNS = 50


def corrected(
    telling: Telling,
    version: WorkflowVersion,
    event: Event,
    word: InboxRecord,
    target: WorkflowVersion | None,
) -> None:
    """Do what a person wants of a run, or say why not. `target` is the version to migrate to."""
    match word.command:
        case "retry":
            _retry(telling)
        case "cancel":
            _cancel(telling, word.reason)
        case "skip":
            _skip(telling, version, event)
        case "rerun":
            _rerun(telling, version, word)
        case "start":
            _start(telling, version)
        case "reassign":
            reassign(telling, version, word)
        case "migrate":
            _migrate(telling, version, word, target)
        case unknown:
            telling.refuse(f"{unknown!r:.40} is nothing that can be done with a run")


def begin_reading(telling: Telling, version: WorkflowVersion) -> None:
    """Begin a run by asking for its deal. One with a filter is told of only when the deal has passed it."""
    telling.change(step_id=FETCH)
    if version.workflow.trigger.filter is None:
        tell_start(telling)
    read(telling, FETCH, anew=False)


def _retry(telling: Telling) -> None:
    run = telling.run
    if run.status is Status.WAITING_TIME and run.timer(Purpose.RETRY) is not None:
        telling.tell("run.retried")
        soon = run.timer(Purpose.RETRY)
        if soon is not None:
            telling.wake(Purpose.RETRY, telling.at, soon.id)
        return
    if run.status is not Status.NEEDS_ATTENTION:
        telling.refuse(f"it is {run.status.value}; only a run that needs attention is tried again")
        return
    attempts = run.pending.attempt if run.pending is not None else run.attempts + 1
    telling.tell("run.retried", step=(run.step_id, ""))
    telling.change(attempts=attempts, reason="")
    if run.step_id == FETCH:
        read(telling, FETCH)
        return
    # The deal may have been mended, so the step is tried with what it is now.
    read(telling, AGAIN)


def _cancel(telling: Telling, reason: str) -> None:
    if telling.run.status in ENDED:
        telling.refuse(f"it has ended: {telling.run.status.value}")
        return
    why = reason or "a person cancelled it"
    telling.tell("run.cancelled", reason=why)
    close(telling, Status.CANCELLED, why)


def _skip(telling: Telling, version: WorkflowVersion, event: Event) -> None:
    run = telling.run
    if run.goto or _reads_for_a_try(run):
        telling.refuse("its deal is being read for another try; wait for it, or cancel the run")
        return
    if run.status in ENDED or not _began(run) or event.deal is None:
        telling.refuse(
            f"it is {run.status.value} at {run.step_id or 'no step'}, where nothing can be skipped"
        )
        return
    step = version.workflow.step(run.step_id)
    if isinstance(step, Approval) and run.tasks:
        telling.refuse("an approval is not skipped: approve or reject it")
        return
    telling.tell("step.skipped", step=(step.id, step.type), reason="a person skipped it")
    drop(telling, "the step was skipped")
    telling.change(pending=None, reason="")
    scene = Scene(version, event.deal, event.at)
    walk(telling, scene, version.workflow.after(step))


def _rerun(telling: Telling, version: WorkflowVersion, word: InboxRecord) -> None:
    run = telling.run
    known = [step.id for step in version.workflow.steps]
    goto = word.step_id or known[0]
    if run.status in (Status.HELD, Status.FETCHING):
        telling.refuse(f"it is {run.status.value}; there is nothing to run again yet")
    elif run.status is Status.NOT_ENROLLED:
        telling.refuse("it never began; change the filter, and the deal's next entry is looked at anew")
    elif not _began(run):
        telling.refuse("it never came to its first step; retry it, or wait for the deal's next entry")
    elif run.status in ENDED and not run.visits:
        telling.refuse("its state was forgotten; it ended too long ago")
    elif goto not in known:
        telling.refuse(f"v{run.version} has no step {goto!r:.63}; its steps are: {', '.join(known)}")
    elif run.reruns >= _MOST_RERUNS:
        telling.refuse(f"it was rerun {run.reruns} times")
    else:
        drop(telling, "the run is run again")
        telling.calm(Purpose.FORGET)
        telling.tell("run.rerun", step=(goto, version.workflow.step(goto).type),
                     given={"from": goto, "again": word.force}, reason=word.reason)  # fmt: skip
        # Counted from one again, the visits name the same effects as before; forced, they name new ones.
        telling.change(reruns=run.reruns + 1, forced=run.forced + word.force, visits={},
                       goto=goto, reason="", notices={})  # fmt: skip
        read(telling, AGAIN)


def _start(telling: Telling, version: WorkflowVersion) -> None:
    if telling.run.status is not Status.HELD:
        telling.refuse(f"it is {telling.run.status.value}, not held")
        return
    begin_reading(telling, version)


def _migrate(
    telling: Telling, version: WorkflowVersion, word: InboxRecord, target: WorkflowVersion | None
) -> None:
    run = telling.run
    refused = no_way(run, version, word, target)
    if refused or target is None:
        telling.refuse(refused or f"there is no version {word.version} of {run.workflow}")
        return
    here = word.values.get(run.step_id, run.step_id)
    telling.tell("run.migrated", given={"from": run.version, "to": target.version, "step": here})
    visits: dict[str, int] = {}
    for name, count in run.visits.items():
        named = word.values.get(name, name)
        visits[named] = max(count, visits.get(named, 0))
    telling.change(version=target.version, step_id=here, visits=visits)
    for task in tuple(run.tasks.values()):
        moved = {"workflow_version": target.version, "revision": task.revision + 1,
                 "step_id": word.values.get(task.step_id, task.step_id)}  # fmt: skip
        put(telling, task.model_copy(update=moved))


def no_way(run: Run, version: WorkflowVersion, word: InboxRecord, target: WorkflowVersion | None) -> str:
    """Say why a run cannot go on in the target version; empty where it can."""
    if target is None:
        return f"there is no version {word.version} of {run.workflow}"
    if run.status in ENDED:
        return f"it has ended: {run.status.value}"
    if run.version == target.version:
        return f"it goes by v{target.version} already"
    if run.pending is not None and run.status is not Status.NEEDS_ATTENTION:
        return "an answer is on its way; try again when it waits for a person, a time, or needs attention"
    if not _began(run):
        return ""
    here = word.values.get(run.step_id, run.step_id)
    known = {step.id: step for step in target.workflow.steps}
    if here not in known:
        return f"v{target.version} has no step {here}; say which one takes its place: {run.step_id}=STEP"
    mine = version.workflow.step(run.step_id)
    if known[here].type != mine.type or isinstance(known[here], End):
        return f"{run.step_id} is a {mine.type}, and {here} of v{target.version} a {known[here].type}"
    return ""


def _began(run: Run) -> bool:
    """Whether a run came to a step of its workflow."""
    return run.step_id not in ("", FETCH)


def _reads_for_a_try(run: Run) -> bool:
    return run.pending is not None and run.pending.part == AGAIN

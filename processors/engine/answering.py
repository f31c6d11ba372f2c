"""Results: what a sink, a lookup or a queue said to what a step asked for."""

from processors.engine.noticing import noticed
from processors.engine.reading import READ_PARTS, reading_failed
from processors.engine.telling import Event, Telling
from processors.engine.walking import STAY, ask, failed, settle, walk
from processors.outcomes import Asked, Scene
from processors.retries import retry_at
from processors.steps import resume
from schemas.definition.any_step import AnyStep
from schemas.definition.documents import WorkflowVersion
from schemas.errors import BrokenInvariantError, StepError
from schemas.inbox import FAILED, InboxRecord
from schemas.run import Pending, Purpose, Status


def answered(telling: Telling, version: WorkflowVersion, event: Event, result: InboxRecord) -> None:
    """Take a result. One that answers an attempt that was given up changes nothing."""
    run = telling.run
    if result.command_id in run.notices:
        noticed(telling, result)
        return
    pending = run.pending
    if pending is None or pending.command_id != result.command_id or result.attempt < pending.attempt:
        return
    if pending.part in READ_PARTS:
        reading_failed(telling, result, pending)
        return
    step = version.workflow.step(run.step_id)
    if event.deal is None:
        raise BrokenInvariantError("a run waits for a result and its deal is gone", on=f"run {run.id}")
    scene = Scene(version, event.deal, event.at)
    telling.calm(Purpose.RETRY)
    goto: str | None = STAY
    if result.outcome == FAILED:
        goto = _failed(telling, step, result, pending)
    else:
        try:
            outcome = resume(step, telling.run, scene, result)
            if isinstance(outcome, Asked):
                ask(telling, outcome)
            else:
                goto = settle(telling, scene, step, outcome)
        except StepError as error:
            goto = failed(telling, step, str(error))
    if goto != STAY:
        walk(telling, scene, goto)


def _failed(telling: Telling, step: AnyStep, result: InboxRecord, pending: Pending) -> str | None:
    due = None
    if result.retryable:
        # Attempts before a person had it tried again do not count against this try.
        tried = pending.attempt - telling.run.attempts
        due = retry_at(pending.command_id, tried, telling.at, result.retry_at, step.retry)
    if due is None:
        return failed(telling, step, result.error or "it failed without a reason")
    telling.tell("step.retry_scheduled", step=(step.id, step.type), attempt=pending.attempt,
                 reason=result.error, due=due)  # fmt: skip
    telling.wake(Purpose.RETRY, due, pending.command_id, str(pending.attempt))
    telling.change(status=Status.WAITING_TIME)
    return STAY

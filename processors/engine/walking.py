"""From step to step, until the run waits for something or ends."""

from datetime import timedelta
from typing import Any

from processors.business_time import due
from processors.conditions import holds
from processors.engine.noticing import notify
from processors.engine.telling import Telling
from processors.outcomes import Asked, Done, Ended, Opened, Outcome, Paused, Scene
from processors.steps import begin
from processors.tasks import ended as task_ended
from schemas.definition.any_step import AnyStep
from schemas.definition.people import Approval, Form
from schemas.definition.steps import Condition
from schemas.errors import StepError
from schemas.ids import record_key
from schemas.run import MOST_VISITS, Pending, Purpose, Run, Status
from schemas.task import CANCELLED, TASK_ENDED, Task

STAY = ""
"""In place of a step to go on to: the run waits where it is, or has ended."""

_MOST_STEPS = 500
_OF_A_STEP = (Purpose.RETRY, Purpose.TIME_OUT, Purpose.WAIT, Purpose.REMIND, Purpose.ESCALATE)
_KEPT_DAYS = 30
"""How long the state of an ended run is kept whole, for a rerun."""


def walk(telling: Telling, scene: Scene, goto: str | None) -> None:
    """Go on at a step, or end the run where none follows."""
    for _ in range(_MOST_STEPS):
        if goto is None:
            end(telling, "completed")
            return
        step = scene.version.workflow.step(goto)
        goto = enter(telling, scene, step)
        if goto == STAY:
            return
    stuck(telling, scene.version.workflow.step(telling.run.step_id),
          f"more than {_MOST_STEPS} steps without waiting for anything")  # fmt: skip


def enter(telling: Telling, scene: Scene, step: AnyStep, *, again: bool = False) -> str | None:
    """Begin a step. Give the step to go on to, None where none follows, or `STAY`.

    `again` begins the present visit once more, with the same effects.
    """
    visits = telling.run.visits
    if not again:
        telling.change(step_id=step.id, visits={**visits, step.id: visits.get(step.id, 0) + 1},
                       attempts=telling.run.first_attempts(), look_again=False)  # fmt: skip
    if telling.run.visits[step.id] >= MOST_VISITS:
        stuck(telling, step, f"the run came here {MOST_VISITS} times")
        return STAY
    try:
        if step.when is not None and not holds(step.when, scene.names(telling.run)):
            telling.tell("step.skipped", step=(step.id, step.type), reason=f"does not hold: {step.when}")
            return _past(step, scene)
        telling.tell("step.started", step=(step.id, step.type), attempt=telling.run.attempts + 1)
        return settle(telling, scene, step, begin(step, telling.run, scene))
    except StepError as error:
        return failed(telling, step, str(error))


def settle(telling: Telling, scene: Scene, step: AnyStep, outcome: Outcome) -> str | None:
    """Carry what came of a step into the run. Give where to go on, as `enter` does."""
    match outcome:
        case Done(run=run, output=output, goto=chosen):
            _hold(telling, run)
            telling.commands += outcome.sent
            finish(telling, step, output)
            return chosen or scene.version.workflow.after(step)
        case Ended(outcome=name):
            finish(telling, step, {"outcome": name})
            end(telling, name)
            return STAY
        case Asked():
            ask(telling, outcome)
            if telling.run.timer(Purpose.TIME_OUT) is None:
                _bound(telling, scene, step)
        case Opened(run=run):
            _hold(telling, run)
            _open(telling, scene, step, outcome)
        case Paused(run=run, until=until, watching=watching):
            _hold(telling, run)
            _pause(telling, scene, step, outcome)
            telling.tell("step.waiting", step=(step.id, step.type), due=until or _time_out(telling),
                         reason="for a later change of the deal" if watching else "")  # fmt: skip
    return STAY


def ask(telling: Telling, asked: Asked) -> None:
    """Wait for the result of a command."""
    _hold(telling, asked.run)
    telling.change(
        status=Status.WAITING_RESULT,
        pending=Pending(
            command_id=asked.command.id,
            part=asked.part,
            since=telling.at,
            attempt=telling.run.attempts + 1,
        ),
    )
    telling.commands.append((asked.command, asked.key))


def finish(telling: Telling, step: AnyStep, output: Any) -> None:
    """Say that a step is done; whatever it waited for is over."""
    attempt = telling.run.pending.attempt if telling.run.pending is not None else telling.run.attempts + 1
    telling.calm(*_OF_A_STEP)
    telling.change(pending=None, look_again=False)
    telling.tell("step.completed", step=(step.id, step.type), attempt=attempt, output=output)


def failed(telling: Telling, step: AnyStep, reason: str) -> str | None:
    """Take a step's failure for good: on to its `on_error`, or to a person's attention."""
    if step.on_error is None:
        stuck(telling, step, reason)
        return STAY
    return divert(telling, step, reason, "step.failed", step.on_error)


def divert(telling: Telling, step: AnyStep, reason: str, kind: str, to: str) -> str:
    """Leave a step by the branch for its failure or time-out; `vars.error` says where and why."""
    telling.tell(kind, step=(step.id, step.type), reason=reason)
    drop(telling, reason)
    error = {"step": step.id, "reason": reason}
    telling.change(pending=None, variables={**telling.run.variables, "error": error})
    return to


def stuck(telling: Telling, step: AnyStep, reason: str) -> None:
    """Leave the run to a person's attention."""
    pending = telling.run.pending
    telling.tell("step.failed", step=(step.id, step.type), reason=reason,
                 attempt=pending.attempt if pending is not None else telling.run.attempts + 1)  # fmt: skip
    drop(telling, reason)
    telling.tell("run.needs_attention", reason=reason)
    telling.change(status=Status.NEEDS_ATTENTION, reason=reason)


def end(telling: Telling, outcome: str) -> None:
    """End the run with an outcome."""
    telling.tell("run.completed", outcome=outcome)
    status = Status.REJECTED if outcome == "rejected" else Status.COMPLETED
    close(telling, status, outcome)


def close(telling: Telling, status: Status, reason: str) -> None:
    """Put an ended run to rest: nothing wakes it but the moment to forget its state."""
    drop(telling, reason, whole_run=True)
    telling.calm(*Purpose)
    telling.change(status=status, pending=None, notices={}, reason=reason)
    telling.wake(Purpose.FORGET, telling.at + timedelta(days=_KEPT_DAYS), str(telling.run.sequence))


def drop(telling: Telling, reason: str, *, whole_run: bool = False) -> None:
    """Cancel the open tasks of the present step, or of the whole run, and forget what would wake it."""
    for task in tuple(telling.run.tasks.values()):
        if whole_run or task.step_id == telling.run.step_id:
            put(telling, task_ended(task, CANCELLED, reason, telling.at))
            telling.tell("task.cancelled", step=(task.step_id, task.kind), task_id=task.id, reason=reason)
    telling.calm(*_OF_A_STEP)


def put(telling: Telling, task: Task) -> None:
    """Publish how a task stands, and hold it while it is open."""
    telling.commands.append((task, f"{record_key(task.org_id, task.opportunity_id)}:{task.id}"))
    others = {name: each for name, each in telling.run.tasks.items() if name != task.id}
    telling.change(tasks=others if task.status in TASK_ENDED else {**others, task.id: task})


def remind_next(telling: Telling, scene: Scene, step: Approval | Form, task: Task) -> None:
    """Set the next reminder. Those that are overdue after an outage have become one."""
    opened = task.opened_at or telling.at
    moments = sorted(due(opened, each, scene.version.calendars) for each in step.remind)
    following = next((each for each in moments if each > telling.at), None)
    if following is not None:
        telling.wake(Purpose.REMIND, following, str(following), about=task.id)


def _open(telling: Telling, scene: Scene, step: AnyStep, opened: Opened) -> None:
    task = opened.task
    put(telling, task)
    telling.change(status=Status.WAITING_PERSON, pending=None)
    told: dict[str, Any] = {"kind": task.kind, "asked": len(task.people)}
    if opened.left_empty:
        told["left_empty"] = dict(opened.left_empty)
    telling.tell("task.opened", step=(step.id, step.type), task_id=task.id, due=task.due, output=told)
    _bound(telling, scene, step)
    if not isinstance(step, Approval | Form):
        return
    notify(telling, scene, step.email, task, "opened")
    remind_next(telling, scene, step, task)
    if step.escalate is not None:
        moment = due(telling.at, step.escalate.after, scene.version.calendars)
        telling.wake(Purpose.ESCALATE, moment, about=task.id)


def _pause(telling: Telling, scene: Scene, step: AnyStep, paused: Paused) -> None:
    telling.change(status=Status.WAITING_TIME, pending=None)
    if paused.until is not None:
        telling.wake(Purpose.WAIT, paused.until, *_this_try(telling, step))
    if telling.run.timer(Purpose.TIME_OUT) is None:
        _bound(telling, scene, step)


def _bound(telling: Telling, scene: Scene, step: AnyStep) -> None:
    """Set the time-out of a step, once for a visit."""
    if step.time_out is not None:
        moment = due(telling.at, step.time_out, scene.version.calendars)
        telling.wake(Purpose.TIME_OUT, moment, *_this_try(telling, step))


def _this_try(telling: Telling, step: AnyStep) -> tuple[str, str, str]:
    """Name the present try of a step: a timer of an earlier one has fired, and its id would be ignored."""
    return step.id, str(telling.run.visit_of(step.id)), str(telling.run.attempts)


def _time_out(telling: Telling) -> Any:
    timer = telling.run.timer(Purpose.TIME_OUT)
    return timer.due if timer is not None else None


def _past(step: AnyStep, scene: Scene) -> str | None:
    """Give where a skipped step leads."""
    return step.default if isinstance(step, Condition) else scene.version.workflow.after(step)


def _hold(telling: Telling, run: Run) -> None:
    """Take over what a step may change of its run."""
    telling.change(
        account=run.account,
        account_stored=run.account_stored,
        candidates=run.candidates,
        csm=run.csm,
        variables=run.variables,
    )

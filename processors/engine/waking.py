"""Timers that fell due: another try, a time-out, the end of a wait, a reminder, an escalation."""

from processors.engine.noticing import notify, send_again
from processors.engine.reading import READ_PARTS, read_again
from processors.engine.telling import Event, Telling
from processors.engine.walking import STAY, divert, drop, put, remind_next, settle, stuck, walk
from processors.outcomes import Done, Scene
from processors.people_steps import people
from processors.steps import repeat
from processors.tasks import asked, ended, reminded
from schemas.definition.any_step import AnyStep
from schemas.definition.documents import WorkflowVersion
from schemas.definition.people import Approval, Form
from schemas.errors import BrokenInvariantError, StepError
from schemas.run import ENDED, Purpose, Status, Timer
from schemas.task import EXPIRED


def woken(telling: Telling, version: WorkflowVersion, event: Event, timer_id: str) -> None:
    """Do what a timer was set for. One that the run no longer holds is stale, and changes nothing."""
    timer = next((each for each in telling.run.timers if each.id == timer_id), None)
    if timer is None:
        return
    telling.change(timers=tuple(each for each in telling.run.timers if each.id != timer_id))
    if timer.purpose is Purpose.FORGET:
        forget(telling)
        return
    if timer.purpose is Purpose.NOTICE:
        send_again(telling, timer.about)
        return
    if timer.purpose is Purpose.RETRY and _reads(telling):
        read_again(telling)
        return
    if event.deal is None:
        raise BrokenInvariantError("a run wakes and its deal is gone", on=f"run {telling.run.id}")
    scene = Scene(version, event.deal, event.at)
    goto = _at_step(telling, scene, timer)
    if goto != STAY:
        walk(telling, scene, goto)


def _reads(telling: Telling) -> bool:
    return telling.run.pending is not None and telling.run.pending.part in READ_PARTS


def _at_step(telling: Telling, scene: Scene, timer: Timer) -> str | None:
    step = scene.version.workflow.step(telling.run.step_id)
    match timer.purpose:
        case Purpose.RETRY:
            _try_again(telling, scene, step)
        case Purpose.WAIT:
            return settle(telling, scene, step, Done(telling.run, {"until": timer.due.isoformat()}))
        case Purpose.TIME_OUT:
            return _timed_out(telling, step, timer)
        case Purpose.REMIND if isinstance(step, Approval | Form):
            _remind(telling, scene, step, timer)
        case Purpose.ESCALATE if isinstance(step, Approval | Form):
            _escalate(telling, scene, step, timer)
        case _:
            pass
    return STAY


def _try_again(telling: Telling, scene: Scene, step: AnyStep) -> None:
    pending = telling.run.pending
    if pending is None:
        raise BrokenInvariantError("a run is to try again and waits for nothing", on=f"run {telling.run.id}")
    telling.change(
        status=Status.WAITING_RESULT, pending=pending.model_copy(update={"attempt": pending.attempt + 1})
    )
    telling.tell("step.started", step=(step.id, step.type), attempt=pending.attempt + 1)
    once_more = repeat(step, telling.run, Scene(scene.version, scene.deal, pending.since))
    telling.commands.append((once_more.command, once_more.key))


def _timed_out(telling: Telling, step: AnyStep, timer: Timer) -> str | None:
    reason = f"not ended by {timer.due.isoformat()}"
    for task in tuple(telling.run.tasks.values()):
        if task.step_id == step.id:
            put(telling, ended(task, EXPIRED, reason, telling.at))
            telling.tell("task.expired", step=(step.id, step.type), task_id=task.id, reason=reason)
    to = step.on_time_out or step.on_error
    if to is not None:
        return divert(telling, step, reason, "step.timed_out", to)
    telling.tell("step.timed_out", step=(step.id, step.type), reason=reason)
    stuck(telling, step, reason)
    return STAY


def _remind(telling: Telling, scene: Scene, step: Approval | Form, timer: Timer) -> None:
    task = telling.run.tasks.get(timer.about)
    if task is None:
        return
    task = reminded(task)
    put(telling, task)
    telling.tell("task.reminded", step=(step.id, step.type), task_id=task.id)
    notify(telling, scene, step.email, task, f"reminder {task.reminded}")
    remind_next(telling, scene, step, task)


def _escalate(telling: Telling, scene: Scene, step: Approval | Form, timer: Timer) -> None:
    task = telling.run.tasks.get(timer.about)
    if task is None or step.escalate is None:
        return
    try:
        more = people(step.escalate.to, scene, scene.names(telling.run))
    except StepError as error:
        telling.tell("notice.failed", step=(step.id, step.type), task_id=task.id, reason=str(error))
        return
    task = asked(task, more)
    put(telling, task)
    telling.tell("task.escalated", step=(step.id, step.type), task_id=task.id)
    notify(telling, scene, step.email, task, "escalated")


def forget(telling: Telling) -> None:
    """Keep of an ended run that it was, and how it ended."""
    if telling.run.status not in ENDED:
        return
    drop(telling, "")
    telling.change(account=None, csm=None, variables={}, visits={}, pending=None)

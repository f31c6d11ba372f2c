"""Runs whose version was deleted. They had ended by then; without their definition little can be done."""

from datetime import datetime

from processors.engine.telling import Decision, Telling
from processors.engine.waking import forget
from processors.engine.walking import close
from schemas.inbox import COMMAND, InboxRecord
from schemas.run import ENDED, Purpose, Run, Status


def without_definition(run: Run, record: InboxRecord, *, at: datetime) -> Decision:
    """Decide what can be decided without a definition: forgetting, cancelling, and saying no."""
    telling = Telling(run, at, record.id)
    if record.kind == COMMAND:
        telling.actor = record.actor
        if record.command == "cancel" and run.status not in ENDED:
            reason = record.reason or "a person cancelled it"
            telling.tell("run.cancelled", reason=reason)
            close(telling, Status.CANCELLED, reason)
        else:
            telling.refuse(f"v{run.version} of {run.workflow} was deleted", task_id=record.task_id)
    elif any(timer.id == record.timer_id and timer.purpose is Purpose.FORGET for timer in run.timers):
        telling.calm(Purpose.FORGET)
        forget(telling)
    return telling.done()

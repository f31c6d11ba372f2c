"""Mails that tell people of a task. The run does not wait for them; a failure is tried again beside it."""

from processors.engine.telling import Telling
from processors.outcomes import Scene
from processors.retries import retry_at
from processors.step_commands import rendered
from processors.task_links import mark, speaks_of_link
from schemas.base import Record
from schemas.contracts import RECORDS
from schemas.email import SendEmail
from schemas.errors import StepError
from schemas.ids import effect_id, record_key
from schemas.inbox import SUCCEEDED, InboxRecord
from schemas.run import Notice, Purpose
from schemas.task import Task


def notify(telling: Telling, scene: Scene, email: str | None, task: Task, occasion: str) -> None:
    """Send the mail about a task to the people who are asked. One that cannot be written is told of.

    A mail that holds the link to the task goes to each of them by itself: the link is theirs alone.
    """
    if email is None:
        return
    run = telling.run
    source = scene.version.emails[email]
    names = {**scene.names(run), "task": {**task.model_dump(), "link": mark(task.id)}}
    try:
        mail = rendered(source, names)
    except StepError as error:
        telling.tell("notice.failed", task_id=task.id, reason=str(error))
        return
    singly = speaks_of_link(source.text, source.html)
    for people in [(each,) for each in task.people] if singly else [task.people]:
        named = f"{task.id}:{occasion}:{people[0]}" if singly else f"{task.id}:{occasion}"
        command = SendEmail(
            id=effect_id(run.id, task.step_id, run.visit_of(task.step_id), named),
            org_id=run.org_id,
            opportunity_id=run.opportunity_id,
            run_id=run.id,
            step_id=task.step_id,
            to=people,
            at=telling.at,
            **mail,
        )
        beside(telling, command, record_key(run.org_id, run.opportunity_id))


def beside(telling: Telling, command: Record, key: str) -> None:
    """Send a command that the run does not wait for, and remember it until it is answered."""
    notice = Notice(ce_type=command.ce_type, key=key, body=command.model_dump_json())
    telling.change(notices={**telling.run.notices, command.id: notice})
    telling.commands.append((command, key))


def noticed(telling: Telling, result: InboxRecord) -> None:
    """Take the answer to a command that the run does not wait for."""
    run = telling.run
    notice = run.notices[result.command_id]
    if result.attempt < notice.attempt:
        return
    left = {name: each for name, each in run.notices.items() if name != result.command_id}
    if result.outcome == SUCCEEDED:
        telling.change(notices=left)
        telling.tell("notice.sent", step=(result.step_id, ""), attempt=notice.attempt)
        return
    again = (
        retry_at(result.command_id, notice.attempt, telling.at, result.retry_at) if result.retryable else None
    )
    if again is None:
        telling.change(notices=left)
        telling.tell("notice.failed", step=(result.step_id, ""), attempt=notice.attempt, reason=result.error)
        return
    telling.wake(Purpose.NOTICE, again, str(notice.attempt), about=result.command_id)


def send_again(telling: Telling, command_id: str) -> None:
    """Send a notice's command once more."""
    notice = telling.run.notices.get(command_id)
    if notice is None:
        return
    notice = notice.model_copy(update={"attempt": notice.attempt + 1})
    command = RECORDS[notice.ce_type].model_validate_json(notice.body)
    telling.commands.append((command.model_copy(update={"attempt": notice.attempt}), notice.key))
    telling.change(notices={**telling.run.notices, command_id: notice})

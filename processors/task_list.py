"""Which tasks are asked for: by id, or by what they are about and how they stand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.errors import UsageError
from schemas.task import TASK_ENDED, Task

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """What a task must have to be listed; an empty field asks for nothing.

    `status` is one of a task's, or `all`; empty asks for those that have not ended. `person` is the mail
    address of somebody who may answer. `overdue` asks for tasks whose moment was before then.
    """

    person: str = ""
    status: str = ""
    workflow_id: str = ""
    kind: str = ""
    overdue: datetime | None = None

    def wants(self, task: Task) -> bool:
        """Whether a task has all that is asked for."""
        return (
            self._status_fits(task)
            and (not self.person or _may_answer(task, self.person))
            and (not self.workflow_id or task.workflow_id == self.workflow_id)
            and (not self.kind or task.kind == self.kind)
            and (self.overdue is None or (task.due is not None and task.due < self.overdue))
        )

    def _status_fits(self, task: Task) -> bool:
        if not self.status:
            return task.status not in TASK_ENDED
        return self.status in ("all", task.status)


def select(tasks: Iterable[Task], query: TaskQuery) -> list[Task]:
    """Give the tasks that are asked for: what is due first comes first, what is never due last."""
    return sorted(filter(query.wants, tasks), key=_urgency)


def one_task(tasks: Mapping[str, Task], beginning: str) -> Task:
    """Give the task whose id this is or begins with. Raises `UsageError` where none or several do."""
    if beginning in tasks:
        return tasks[beginning]
    found = [task for name, task in tasks.items() if beginning and name.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"there is no task {beginning!r:.60}", todo="Type: dealwire tasks list --status all")
    named = ", ".join(task.id for task in found[:_MOST_NAMED])
    raise UsageError(f"{len(found)} tasks begin with {beginning!r:.60}: {named}", todo="Give more of the id.")


def _may_answer(task: Task, person: str) -> bool:
    wanted = person.casefold()
    return any(each.casefold() == wanted for each in task.people)


def _urgency(task: Task) -> tuple[bool, float, float, str]:
    due, opened = task.due or task.opened_at, task.opened_at
    return (
        task.due is None,
        due.timestamp() if due is not None else 0,
        opened.timestamp() if opened is not None else 0,
        task.id,
    )

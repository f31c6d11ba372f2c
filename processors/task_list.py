"""Which tasks are asked for: by id, or by what they are about and how they stand."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

from schemas.errors import UsageError
from schemas.task import TASK_ENDED, Task

_MOST_NAMED = 5
_PLACE = re.compile(r"([01])_(-?\d{1,18})_(-?\d{1,18})_(.{1,64})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """Where a task stands in lists: what is due first, what is never due last. The next page follows it.

    `due` (of one never due: when it was opened) and `opened` are in microseconds since the epoch.
    """

    never: bool
    due: int
    opened: int
    task_id: str

    def __str__(self) -> str:
        return f"{int(self.never)}_{self.due}_{self.opened}_{self.task_id}"

    @classmethod
    def of(cls, task: Task) -> Self:
        """Give the place of a task."""
        return cls(task.due is None, _micros(task.due or task.opened_at), _micros(task.opened_at), task.id)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a place as `str` wrote it. Raises `UsageError`."""
        match = _PLACE.fullmatch(text)
        if match is None:
            raise UsageError(
                f"{text[:80]!r} is no place in a list of tasks", todo="Give what the page before gave."
            )
        never, due, opened, task_id = match.groups()
        return cls(never == "1", int(due), int(opened), task_id)


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
    return sorted(filter(query.wants, tasks), key=Place.of)


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


def _micros(moment: datetime | None) -> int:
    return 0 if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)

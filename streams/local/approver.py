"""Answers the approvals and forms that wait, as people would: through commands of theirs."""

import asyncio
from collections.abc import Callable, Sequence

from connectors.kafka.registry import HttpRegistry
from connectors.kafka.scan import scan
from connectors.ports import SystemClock
from processors.commanding import Said, about_task
from schemas.task import APPROVAL, FORM, TASK_ENDED, Task
from schemas.topics import TOPICS
from streams.commanding import Commander, commanding
from streams.local.deployment import Deployment
from streams.records import connect

REASON = "as agreed"
_KINDS = frozenset({APPROVAL, FORM})
_TASKS = TOPICS["tasks"]


def every_fourth(task: Task) -> bool:
    """Whether a task is one of the quarter that is rejected; the same tasks every time."""
    return int(task.id[:2], 16) % 4 == 0


class Approver:
    """Fills forms, and approves all but what `rejects` picks out. Asked again, it says the same."""

    def __init__(self, deployment: Deployment, rejects: Callable[[Task], bool] = every_fourth) -> None:
        self._settings = deployment.settings
        self._rejects = rejects
        self._records = asyncio.run(
            connect(HttpRegistry(self._settings.registry), self._settings.kafka, [_TASKS])
        )

    def waiting(self) -> list[Task]:
        """Give the approvals and forms that nobody has answered, in the order they were opened."""
        latest: dict[str, Task] = {}
        for batch in scan(self._settings.kafka, _TASKS.name):
            for message in batch:
                record = self._records.decode_known(message.value) if message.value is not None else None
                if isinstance(record, Task):
                    latest[record.id] = record
        found = [each for each in latest.values() if each.kind in _KINDS and each.status not in TASK_ENDED]
        return sorted(found, key=lambda task: str(task.opened_at))

    def answer_all(self) -> int:
        """Answer everything that waits now, and give how much there was."""
        tasks = self.waiting()
        if tasks:
            asyncio.run(self._answer(tasks))
        return len(tasks)

    async def _answer(self, tasks: Sequence[Task]) -> None:
        async with commanding(self._settings, SystemClock()) as commander:
            await asyncio.gather(*(self._say(commander, task) for task in tasks))

    async def _say(self, commander: Commander, task: Task) -> None:
        said = Said(actor=task.people[0], key=task.id, reason=REASON)
        if task.kind == FORM:
            values = {field.name: task.values.get(field.name) or REASON for field in task.fields}
            await commander.say(about_task(task, "fill", said, values=values))
        else:
            await commander.say(about_task(task, "reject" if self._rejects(task) else "approve", said))

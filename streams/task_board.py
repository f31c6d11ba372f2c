"""Every task as it stands: the compacted topic `tasks`, read whole and kept up to date by `refresh`."""

from collections.abc import Mapping

from connectors.kafka.config import KafkaConfig
from connectors.kafka.scan import Message
from schemas.task import Task
from schemas.topics import TOPICS
from streams.records import Records
from streams.whole_topic import WholeTopic, readable


class TaskBoard:
    """Holds the latest state of each task by id, ended ones included."""

    def __init__(self, config: KafkaConfig, records: Records) -> None:
        self._records = records
        self._topic = WholeTopic(config, TOPICS["tasks"].name, self._take)
        self._tasks: dict[str, Task] = {}

    @property
    def tasks(self) -> Mapping[str, Task]:
        """The tasks as of the last refresh."""
        return self._tasks

    async def refresh(self) -> None:
        """Read to the end that the topic has now. Raises `UnavailableError` or `ConfigurationError`."""
        await self._topic.refresh()

    async def close(self) -> None:
        """Let go of the connection."""
        await self._topic.close()

    async def _take(self, message: Message) -> None:
        if message.value is None:
            self._tasks.pop(message.key.decode("utf-8", "replace").rpartition(":")[2], None)
            return
        task = await readable(self._records, message)
        if not isinstance(task, Task):
            return
        known = self._tasks.get(task.id)
        # A repeat after a crash may bring an older revision once more.
        if known is None or task.revision >= known.revision:
            self._tasks[task.id] = task

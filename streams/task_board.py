"""Every task as it stands: the compacted topic `tasks`, read whole and kept up to date by `refresh`."""

import asyncio
from collections.abc import Mapping

import structlog

from connectors.kafka.config import KafkaConfig
from connectors.kafka.scan import Message
from connectors.kafka.tail import Tail, following
from schemas.errors import DecodeError
from schemas.task import Task
from schemas.topics import TOPICS
from streams.records import Records

_TOPIC = TOPICS["tasks"]

log = structlog.get_logger(__name__)


class TaskBoard:
    """Holds the latest state of each task by id, ended ones included."""

    def __init__(self, config: KafkaConfig, records: Records) -> None:
        self._records = records
        self._tail = Tail(config, _TOPIC.name)
        self._tasks: dict[str, Task] = {}
        self._one = asyncio.Lock()

    @property
    def tasks(self) -> Mapping[str, Task]:
        """The tasks as of the last refresh."""
        return self._tasks

    async def refresh(self) -> None:
        """Read to the end that the topic has now. Raises `UnavailableError` or `ConfigurationError`."""
        async with self._one:
            batches = self._tail.to_the_end()
            while (batch := await asyncio.to_thread(following, batches)) is not None:
                for message in batch:
                    await self._take(message)

    async def close(self) -> None:
        """Let go of the connection."""
        async with self._one:
            await asyncio.to_thread(self._tail.close)

    async def _take(self, message: Message) -> None:
        if message.value is None:
            self._tasks.pop(message.key.decode("utf-8", "replace").rpartition(":")[2], None)
            return
        try:
            task = await self._records.decode(message.value)
        except DecodeError as error:
            place = f"{message.topic}[{message.partition}]@{message.offset}"
            log.warning("a task is unreadable", place=place, error=str(error))
            return
        known = self._tasks.get(task.id)
        # A repeat after a crash may bring an older revision once more.
        if isinstance(task, Task) and (known is None or task.revision >= known.revision):
            self._tasks[task.id] = task

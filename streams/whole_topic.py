"""A topic of ours read whole, and read on each time somebody looks."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from connectors.kafka.config import KafkaConfig
from connectors.kafka.scan import Message
from connectors.kafka.tail import Tail, following
from schemas.base import Record
from schemas.errors import DecodeError
from streams.records import Records

log = structlog.get_logger(__name__)


class WholeTopic:
    """Gives `take` each record of a topic, those of a partition in order; the first `refresh` begins."""

    def __init__(self, config: KafkaConfig, topic: str, take: Callable[[Message], Awaitable[None]]) -> None:
        self._config = config
        self._topic = topic
        self._take = take
        self._tail: Tail | None = None
        self._one = asyncio.Lock()

    async def refresh(self) -> Mapping[int, int]:
        """Read on to the end that the topic has now; give the first offset that each partition still holds.

        Raises `UnavailableError` or `ConfigurationError`.
        """
        async with self._one:
            tail = self._tail = self._tail or Tail(self._config, self._topic)
            batches = tail.to_the_end()
            while (batch := await asyncio.to_thread(following, batches)) is not None:
                for message in batch:
                    await self._take(message)
            return tail.firsts

    async def close(self) -> None:
        """Let go of the connection."""
        async with self._one:
            if self._tail is not None:
                await asyncio.to_thread(self._tail.close)


async def readable(records: Records, message: Message) -> Record | None:
    """Give the record of a message; None for one that is unreadable, which is logged, and for a tombstone."""
    if message.value is None:
        return None
    try:
        return await records.decode(message.value)
    except DecodeError as error:
        place = f"{message.topic}[{message.partition}]@{message.offset}"
        log.warning("a record is unreadable", place=place, error=str(error))
        return None

"""Reads a compacted, single-partition topic whole: its latest value per key.

Without a consumer group, since every process needs all of it, and without a Faust table, whose recovery with
several instances is not to be relied on.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from connectors.kafka.config import KafkaConfig
from connectors.kafka.extents import Extents
from schemas.errors import UnavailableError

_TIMEOUT = 30.0
_BATCH = 500
_POLL = 0.05


class CompactedReader:
    """The latest value of each key of one topic, kept up to date by `refresh`. A tombstone removes its key.

    Blocking methods run in a thread of `refresh`; only one refresh may run at a time.
    """

    def __init__(self, config: KafkaConfig, topic: str) -> None:
        self._servers = config.bootstrap_servers
        self._part = TopicPartition(config.topic(topic), 0, OFFSET_BEGINNING)
        self._consumer = Consumer(
            {
                **config.librdkafka(),
                "group.id": f"{config.group_prefix}reader",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
            }
        )
        self._extents = Extents(config)
        self._consumer.assign([self._part])
        self._latest: dict[str, bytes] = {}

    @property
    def latest(self) -> Mapping[str, bytes]:
        """The latest value of each key, as of the last refresh."""
        return self._latest

    async def refresh(self) -> bool:
        """Read to the end of the topic; tell whether anything changed. Raises `UnavailableError`."""
        return await asyncio.to_thread(self._read_to_end)

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()

    def _read_to_end(self) -> bool:
        changed = False
        try:
            end = self._extents.of(self._part.topic, [self._part.partition])[self._part.partition].end
            for key, value in self._until(end):
                changed = True
                if value is None:
                    self._latest.pop(key, None)
                else:
                    self._latest[key] = value
        except KafkaException as error:
            raise UnavailableError(
                f"Kafka at {self._servers} does not answer: {error.args[0].str()}",
                on=self._part.topic,
                todo="Check [kafka] bootstrap_servers, and that the topic exists: dealwire topics check",
            ) from error
        return changed

    def _until(self, end: int) -> Iterator[tuple[str, bytes | None]]:
        deadline = time.monotonic() + _TIMEOUT
        while True:
            position = self._consumer.position([self._part])[0].offset
            if position >= end or (position < 0 and end == 0):
                return
            messages = self._consumer.consume(_BATCH, timeout=_POLL)
            if not messages and time.monotonic() > deadline:
                raise UnavailableError("Kafka sent nothing for 30 seconds", on=self._part.topic)
            for message in messages:
                error = message.error()
                if error is None:
                    yield (message.key() or b"").decode("utf-8", "replace"), message.value()
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name
                    if (message.offset() or 0) >= end:
                        return
                else:
                    raise KafkaException(error)

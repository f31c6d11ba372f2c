"""Reads a whole topic and goes on reading it, for a process that must know everything in it.

Without a consumer group, since every process needs all of it.
"""

import time
from collections.abc import Iterator, Mapping

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition
from confluent_kafka import Message as Fetched

from connectors.kafka.config import KafkaConfig
from connectors.kafka.extents import Extent, Extents
from connectors.kafka.partitions import partitions_of
from connectors.kafka.scan import Message, as_message
from schemas.errors import UnavailableError

_TIMEOUT = 30.0
_BATCH = 500
_POLL = 0.05


class Tail:
    """One topic from its beginning on, or from the end that it has when `begin` is called.

    Each partition's records come in order. Blocking, for one thread at a time. Its methods raise
    `UnavailableError`, and `ConfigurationError` for a topic that does not exist.
    """

    def __init__(self, config: KafkaConfig, topic: str, *, from_end: bool = False) -> None:
        self._servers = config.bootstrap_servers
        self._topic = config.topic(topic)
        self._from_end = from_end
        self.firsts: Mapping[int, int] = {}
        """The first offset that each partition still holds, as of the last `to_the_end`."""
        self._parts: list[TopicPartition] = []
        self._extents = Extents(config)
        self._consumer = Consumer(
            {
                **config.librdkafka(),
                "group.id": f"{config.group_prefix}tail",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
            }
        )

    def begin(self) -> None:
        """Fix where reading begins; the other methods do it, too, when they are called first."""
        try:
            self._assign()
        except KafkaException as error:
            raise self._unavailable(error) from error

    def come(self, *, wait_seconds: float = 0) -> Iterator[list[Message]]:
        """Give what came since in batches, as far as it is here; wait so long for the first of it."""
        try:
            self._assign()
            if wait_seconds and (first := self._consumer.poll(wait_seconds)) is not None:
                yield from _good([first])
            while messages := self._consumer.consume(_BATCH, timeout=0):
                yield from _good(messages)
        except KafkaException as error:
            raise self._unavailable(error) from error

    def to_the_end(self) -> Iterator[list[Message]]:
        """Give everything that is in the topic at this moment and was not given before, in batches."""
        try:
            self._assign()
            ends = self._extents.of(self._topic, [part.partition for part in self._parts])
            self.firsts = {number: extent.oldest for number, extent in ends.items()}
            deadline = time.monotonic() + _TIMEOUT
            while self._behind(ends):
                messages = self._consumer.consume(_BATCH, timeout=_POLL)
                if messages:
                    deadline = time.monotonic() + _TIMEOUT
                elif time.monotonic() > deadline:
                    raise UnavailableError("Kafka sent nothing for 30 seconds", on=self._topic)
                yield from _good(messages)
        except KafkaException as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()

    def _assign(self) -> None:
        if self._parts:
            return
        known = partitions_of(self._consumer, self._topic, on=self._servers)
        parts = [TopicPartition(self._topic, number, OFFSET_BEGINNING) for number in known]
        if self._from_end:
            # The client finds the end only when it fetches; what is written before that would be passed over.
            ends = self._extents.of(self._topic, known)
            for part in parts:
                part.offset = ends[part.partition].end
        self._consumer.assign(parts)
        self._parts = parts

    def _behind(self, ends: Mapping[int, Extent]) -> bool:
        for part in self._consumer.position(self._parts):
            first, end = ends[part.partition]
            # Before the first record a position is negative; an empty or emptied partition has none to give.
            if part.offset < end if part.offset >= 0 else first < end:
                return True
        return False

    def _unavailable(self, error: KafkaException) -> UnavailableError:
        return UnavailableError(
            f"Kafka at {self._servers} does not answer: {error.args[0].str()}",
            on=self._topic,
            todo="Check [kafka] bootstrap_servers.",
        )


def _good(messages: list[Fetched]) -> Iterator[list[Message]]:
    """Give the records first and whole: whoever hears of an error afterwards has lost none."""
    errors = [error for fetched in messages if (error := fetched.error()) is not None]
    yield [as_message(fetched) for fetched in messages if fetched.error() is None]
    for error in errors:
        raise KafkaException(error)


def following(batches: Iterator[list[Message]]) -> list[Message] | None:
    """Give the next batch, or None after the last; for a thread to run."""
    return next(batches, None)

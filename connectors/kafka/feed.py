"""Reads a topic as one of a group, from positions that its caller keeps beside what it makes of the records.

The group only shares out the partitions. What is committed to it is for those who watch lag from outside.
"""

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Fetched

from connectors.kafka.config import KafkaConfig
from connectors.kafka.extents import Extent, extents
from connectors.kafka.scan import Message, as_message
from schemas.errors import RefusedError, UnavailableError
from schemas.history_feed import Slice

_BATCH = 2000
_POLL = 0.25
_NO_RIGHT = frozenset({KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED})

log = structlog.get_logger(__name__)


class TopicFeed:
    """One member of the group. Partitions come unplaced: nothing is read of them before `place`.

    At least once: after `place` at an offset everything from there on is given, in order. Its calls must not
    overlap; those that block run in a thread.
    """

    def __init__(self, config: KafkaConfig, topic: str, group: str) -> None:
        self.topic = config.topic(topic)
        self._config, self._name = config, topic
        self._servers = config.bootstrap_servers
        self._consumer = Consumer(
            {
                **config.librdkafka(),
                "group.id": config.group(group),
                "session.timeout.ms": config.session_timeout_ms,
                "enable.auto.commit": False,
                "auto.offset.reset": "error",  # an offset that is gone is for the caller to know
                "partition.assignment.strategy": "range",
            }
        )
        self._consumer.subscribe(
            [self.topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_revoke
        )
        self.joined = False
        """Whether the group has said which partitions are ours, be it none."""
        self._unplaced: frozenset[int] = frozenset()
        self._held: Mapping[int, int] = {}

    @property
    def unplaced(self) -> frozenset[int]:
        """Partitions that are ours, and that nobody has said an offset for."""
        return self._unplaced

    @property
    def held(self) -> Mapping[int, int]:
        """The offset to go on from in each partition that is read."""
        return self._held

    async def read(self) -> Sequence[Message]:
        """Give what came, or nothing after a moment. Raises `UnavailableError` or `RefusedError`."""
        batch = await asyncio.to_thread(self._read)
        # The group may have taken partitions while the batch was put together.
        return [message for message in batch if message.offset >= self._held.get(message.partition, 2**63)]

    async def extents(self) -> Mapping[int, Extent]:
        """Give what Kafka keeps of the topic now. Raises `UnavailableError`."""
        return await asyncio.to_thread(extents, self._config, self._name)

    def place(self, offsets: Mapping[int, int]) -> None:
        """Read these partitions from these offsets on."""
        ours = self._unplaced | self._held.keys()
        self._held = {
            **self._held,
            **{number: offset for number, offset in offsets.items() if number in ours},
        }
        self._unplaced = self._unplaced - self._held.keys()
        self._consumer.assign(
            [TopicPartition(self.topic, number, offset) for number, offset in self._held.items()]
        )

    def lift(self) -> None:
        """Make all partitions unplaced again."""
        self._unplaced = self._unplaced | self._held.keys()
        self._held = {}
        self._consumer.assign([])

    def advance(self, slices: Sequence[Slice]) -> None:
        """Go past slices that are done with, and tell the group."""
        done = {each.partition: each.end for each in slices if each.partition in self._held}
        self._held = {**self._held, **done}
        moved = [
            TopicPartition(self.topic, each.partition, each.end) for each in slices if each.end > each.start
        ]
        try:
            if moved:
                self._consumer.commit(offsets=moved, asynchronous=True)
        except KafkaException as error:
            # Whoever watches from outside sees an old offset until the next one; nothing else reads it.
            log.info("the group was not told", reason=error.args[0].str())

    def behind(self) -> Mapping[int, int]:
        """Give how many records lie ahead in each partition, as far as the last answers of Kafka tell."""
        found = {}
        for number, offset in dict(self._held).items():
            end = self._consumer.get_watermark_offsets(TopicPartition(self.topic, number), cached=True)[1]
            found[number] = max(0, end - offset)
        return found

    async def close(self) -> None:
        """Leave the group."""
        await asyncio.to_thread(self._consumer.close)

    def _read(self) -> list[Message]:
        batch = []
        try:
            for fetched in self._consumer.consume(_BATCH, timeout=_POLL):
                error = fetched.error()
                if error is None:
                    batch.append(as_message(fetched))
                else:
                    self._look_at(fetched, error)
        except KafkaException as error:
            raise self._unavailable(error.args[0]) from error
        return batch

    def _look_at(self, fetched: Fetched, error: KafkaError) -> None:
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - librdkafka's own name for it
            gone = fetched.partition() or 0
            self._held = {number: offset for number, offset in self._held.items() if number != gone}
            self._unplaced = self._unplaced | {gone}
        elif error.code() in _NO_RIGHT:
            raise RefusedError(
                f"Kafka says: {error.str()}", on=self.topic, todo="Let this user read the topic in its group."
            )
        elif error.fatal():
            raise self._unavailable(error)
        else:
            log.warning("Kafka says", reason=error.str(), topic=self.topic)  # and goes on by itself

    def _unavailable(self, error: KafkaError) -> UnavailableError:
        return UnavailableError(
            f"Kafka at {self._servers} does not answer: {error.str()}",
            on=self.topic,
            todo="Check [kafka] bootstrap_servers, and that the topic exists: dealwire topics check",
        )

    def _on_assign(self, consumer: Consumer, partitions: Sequence[TopicPartition]) -> None:
        self._held, self._unplaced = {}, frozenset(each.partition for each in partitions)
        self.joined = True
        consumer.assign([])  # nothing is fetched from where the group would begin

    def _on_revoke(self, _consumer: Consumer, _partitions: Sequence[TopicPartition]) -> None:
        self._held, self._unplaced, self.joined = {}, frozenset(), False

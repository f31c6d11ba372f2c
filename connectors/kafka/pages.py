"""A bounded piece of a topic, in the order of time over all its partitions: for reading it page by page.

Nothing is kept between two pages: whoever reads says where each partition goes on.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from confluent_kafka import Consumer, KafkaException, TopicPartition

from connectors.kafka.config import KafkaConfig
from connectors.kafka.extents import Extent, Extents
from connectors.kafka.scan import Message, as_message
from schemas.errors import UnavailableError

_TIMEOUT = 30.0
_POLL = 0.1
_BATCH = 500

Places = Mapping[int, int]
"""Where each partition goes on: the next offset, by partition."""


@dataclass(frozen=True, slots=True)
class Page:
    """Records, where they began, where the next page goes on, and whether it would have any now."""

    messages: Sequence[Message]
    starts: Places
    after: Places
    more: bool

    def upto(self, count: int) -> Places:
        """Give where to go on for whoever took only so many of them."""
        return {
            **self.starts,
            **{message.partition: message.offset + 1 for message in self.messages[:count]},
        }


def places_at(config: KafkaConfig, topic: str, at: datetime) -> Places:
    """Give where each partition of a topic has its first record that was written then or later.

    `topic` is a name of the topic table. Blocking. Raises `UnavailableError`.
    """
    name = config.topic(topic)
    consumer = _consumer(config)
    try:
        extents = Extents(config).of(name)
        millis = int(at.timestamp() * 1000)
        found = consumer.offsets_for_times(
            [TopicPartition(name, number, millis) for number in extents], timeout=_TIMEOUT
        )
        # A partition without such a record says -1: it goes on where it ends.
        return {
            part.partition: part.offset if part.offset >= 0 else extents[part.partition].end for part in found
        }
    except KafkaException as error:
        raise _unavailable(config, name, error) from error
    finally:
        consumer.close()


def page(config: KafkaConfig, topic: str, places: Places, count: int) -> Page:
    """Give the next `count` records of a topic at the most.

    A partition that `places` does not name begins with its first record. Each partition's records come in
    order, and over all partitions those written first come first. Blocking. Raises `UnavailableError`.
    """
    name = config.topic(topic)
    consumer = _consumer(config)
    try:
        extents = Extents(config).of(name)
        starts = {number: max(places.get(number, 0), extent.oldest) for number, extent in extents.items()}
        held: dict[int, list[Message]] = {number: [] for number in extents}
        for message in _read(consumer, name, starts, extents, count):
            held[message.partition].append(message)
    except KafkaException as error:
        raise _unavailable(config, name, error) from error
    finally:
        consumer.close()
    return _merged(held, starts, extents, count)


def _read(
    consumer: Consumer, name: str, starts: Places, extents: Mapping[int, Extent], count: int
) -> Iterator[Message]:
    """Give what each partition holds now, `count` records of each at the most."""
    left = {number: count for number, start in starts.items() if start < extents[number].end}
    consumer.assign([TopicPartition(name, number, starts[number]) for number in left])
    deadline = time.monotonic() + _TIMEOUT
    while left:
        if time.monotonic() > deadline:
            raise UnavailableError("Kafka sent too little for 30 seconds", on=name)
        for fetched in consumer.consume(_BATCH, timeout=_POLL):
            if fetched.error() is not None:
                raise KafkaException(fetched.error())
            message = as_message(fetched)
            if message.partition in left and message.offset < extents[message.partition].end:
                yield message
                left[message.partition] -= 1
        # By its position, since the last offsets of a partition need not hold a record.
        for part in consumer.position([TopicPartition(name, number) for number in left]):
            if left[part.partition] <= 0 or part.offset >= extents[part.partition].end:
                del left[part.partition]
                consumer.pause([TopicPartition(name, part.partition)])


def _merged(
    held: dict[int, list[Message]], starts: Places, extents: Mapping[int, Extent], count: int
) -> Page:
    ended = {number for number, messages in held.items() if len(messages) < count}
    found: list[Message] = []
    while len(found) < count and (heads := [number for number, messages in held.items() if messages]):
        # Only the heads are compared, so that a partition keeps its order whatever its timestamps say.
        first = min(heads, key=lambda number: (held[number][0].timestamp, number))
        found.append(held[first].pop(0))
    after = {**starts, **{message.partition: message.offset + 1 for message in found}}
    after |= {number: extents[number].end for number in ended if not held[number]}
    return Page(found, starts, after, more=any(after[number] < extents[number].end for number in after))


def _consumer(config: KafkaConfig) -> Consumer:
    return Consumer(
        {**config.librdkafka(), "group.id": f"{config.group_prefix}pages", "enable.auto.commit": False}
    )


def _unavailable(config: KafkaConfig, name: str, error: KafkaException) -> UnavailableError:
    return UnavailableError(
        f"Kafka at {config.bootstrap_servers} does not answer: {error.args[0].str()}",
        on=name,
        todo="Check [kafka] bootstrap_servers.",
    )

"""Reads a topic from its beginning, for commands that show what is in it."""

from collections.abc import Iterator
from dataclasses import dataclass

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

from connectors.kafka.config import KafkaConfig
from schemas.errors import ConfigurationError, UnavailableError

_TIMEOUT = 30.0
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Message:
    """One record as it lies in the topic. `timestamp` is in milliseconds since the epoch."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    timestamp: int


def scan(
    config: KafkaConfig, topic: str, *, follow: bool = False, from_end: bool = False, poll_seconds: float = 0.25
) -> Iterator[list[Message]]:
    """Give what lies in a topic, in batches; each partition's records in order.

    Ends at the end of the topic as it was at the start, unless `follow`: then an empty batch is given whenever
    nothing came for `poll_seconds`, and the caller ends it by closing the iterator. Blocking; at-least-once is
    not a matter here, as nothing is committed. Raises `UnavailableError`, or `ConfigurationError` for a topic
    that does not exist.
    """
    name = config.topic(topic)
    consumer = Consumer(
        {**config.librdkafka(), "group.id": f"{config.group_prefix}scan", "enable.auto.commit": False}
    )
    try:
        found = consumer.list_topics(name, timeout=_TIMEOUT).topics[name]
        if found.error is not None:
            raise ConfigurationError(
                f"the topic {name} does not exist", on=config.bootstrap_servers, todo="Type: dealwire topics apply"
            )
        start = OFFSET_END if from_end else OFFSET_BEGINNING
        parts = [TopicPartition(name, number, start) for number in found.partitions]
        ends = {
            part.partition: consumer.get_watermark_offsets(part, timeout=_TIMEOUT)[1] for part in parts
        }
        consumer.assign(parts)
        while True:
            batch = [_message(raw) for raw in consumer.consume(_BATCH, timeout=poll_seconds)]
            if batch or follow:
                yield batch
            elif not follow:
                positions = {part.partition: part.offset for part in consumer.position(parts)}
                # A position below 0 is one that nothing was read from yet; an empty partition keeps it.
                if all(positions[number] >= end or end == 0 for number, end in ends.items()):
                    return
                if all(positions[number] < 0 or positions[number] >= end for number, end in ends.items()) and all(
                    _is_empty(consumer, part) for part in parts if positions[part.partition] < 0
                ):
                    return
    except KafkaException as error:
        raise UnavailableError(
            f"Kafka at {config.bootstrap_servers} does not answer: {error.args[0].str()}",
            on=name,
            todo="Check [kafka] bootstrap_servers, or start one here: dealwire sandbox up",
        ) from error
    finally:
        consumer.close()


def _is_empty(consumer: Consumer, part: TopicPartition) -> bool:
    low, high = consumer.get_watermark_offsets(part, timeout=_TIMEOUT)
    return bool(low >= high)


def _message(raw: object) -> Message:
    error = raw.error()  # type: ignore[attr-defined]  # the client's stub calls it Message, ours is the name here
    if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's name
        raise KafkaException(error)
    return Message(
        topic=raw.topic(),  # type: ignore[attr-defined]
        partition=raw.partition(),  # type: ignore[attr-defined]
        offset=raw.offset(),  # type: ignore[attr-defined]
        key=raw.key() or b"",  # type: ignore[attr-defined]
        value=raw.value(),  # type: ignore[attr-defined]
        timestamp=raw.timestamp()[1],  # type: ignore[attr-defined]
    )

"""Reads a topic from its beginning, for commands that show what is in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Fetched

from connectors.kafka.config import KafkaConfig
from connectors.kafka.partitions import partitions_of
from schemas.errors import UnavailableError

_BATCH = 500
_POLL = 0.25


@dataclass(frozen=True, slots=True)
class Message:
    """One record as it lies in the topic. `timestamp` is in milliseconds since the epoch."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    timestamp: int
    headers: tuple[tuple[str, bytes], ...] = ()


def scan(
    config: KafkaConfig,
    topic: str,
    *,
    follow: bool = False,
    from_end: bool = False,
    starts: Mapping[int, int] | None = None,
) -> Iterator[list[Message]]:
    """Give what lies in a topic of the topic table, as `scan_named` does."""
    name = config.topic(topic)
    return scan_named(config, name, follow=follow, from_end=from_end, starts=starts)


def scan_named(
    config: KafkaConfig,
    name: str,
    *,
    follow: bool = False,
    from_end: bool = False,
    starts: Mapping[int, int] | None = None,
) -> Iterator[list[Message]]:
    """Give what lies in a topic with this full name, in batches; each partition's records in order.

    `starts` reads only these partitions, each from this offset on.

    Ends at the end of the topic, unless `follow`: then an empty batch is given whenever nothing came for a
    quarter of a second, and the caller ends it by closing the iterator. Blocking; commits nothing. Raises
    `UnavailableError`, or `ConfigurationError` for a topic that does not exist.
    """
    consumer = Consumer(
        {
            **config.librdkafka(),
            "group.id": f"{config.group_prefix}scan",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    try:
        known = partitions_of(consumer, name, on=config.bootstrap_servers)
        if starts is None:
            starts = dict.fromkeys(known, OFFSET_END if from_end else OFFSET_BEGINNING)
        consumer.assign([TopicPartition(name, number, start) for number, start in starts.items()])
        ended: set[int] = set()
        while follow or len(ended) < len(starts):
            batch = []
            for fetched in consumer.consume(_BATCH, timeout=_POLL):
                if _is_end(fetched):
                    ended.add(fetched.partition() or 0)
                else:
                    batch.append(as_message(fetched))
            if batch or follow:
                yield batch
    except KafkaException as error:
        raise UnavailableError(
            f"Kafka at {config.bootstrap_servers} does not answer: {error.args[0].str()}",
            on=name,
            todo="Check [kafka] bootstrap_servers, or start one here: dealwire sandbox up",
        ) from error
    finally:
        consumer.close()


def _is_end(fetched: Fetched) -> bool:
    error = fetched.error()
    if error is None:
        return False
    if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name for it
        return True
    raise KafkaException(error)


def as_message(fetched: Fetched) -> Message:
    """Give what the client fetched in a shape of ours."""
    headers = fetched.headers() or []
    return Message(
        topic=fetched.topic() or "",
        partition=fetched.partition() or 0,
        offset=fetched.offset() or 0,
        key=_bytes(fetched.key()),
        value=None if fetched.value() is None else _bytes(fetched.value()),
        timestamp=fetched.timestamp()[1],
        headers=tuple((str(pair[0]), _bytes(pair[1])) for pair in headers),  # a name may come twice
    )


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""

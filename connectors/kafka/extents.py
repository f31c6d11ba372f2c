"""Asks Kafka from where to where a topic reaches."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from connectors.kafka.config import KafkaConfig
from schemas.errors import ConfigurationError, UnavailableError

_TIMEOUT = 30.0
_SPECS: tuple[OffsetSpec, ...] = (OffsetSpec.earliest(), OffsetSpec.latest())  # type: ignore[no-untyped-call]  # the client's


class Extent(NamedTuple):
    """The offset of the oldest record that a partition keeps, and that of the next one to come."""

    oldest: int
    end: int


class Extents:
    """Asks how far partitions reach, all of them at once, again and again. Blocking.

    It has a connection of its own: a consumer's is taken up by the fetch that waits for news, half a second
    each time, and every question would wait behind it.
    """

    def __init__(self, config: KafkaConfig) -> None:
        self._client = AdminClient(config.librdkafka())

    def of(self, name: str, partitions: Iterable[int] | None = None) -> Mapping[int, Extent]:
        """Give how far these partitions of the topic with this full name reach now, or all of them.

        Raises a `KafkaException`, also where there is no such topic.
        """
        if partitions is None:
            found = self._client.list_topics(name, timeout=_TIMEOUT).topics[name]
            if found.error is not None:
                raise KafkaException(found.error)
            partitions = found.partitions
        parts = [TopicPartition(name, number) for number in partitions]
        oldest, end = (
            self._client.list_offsets(dict.fromkeys(parts, spec), request_timeout=_TIMEOUT) for spec in _SPECS
        )
        return {
            part.partition: Extent(oldest[part].result().offset, end[part].result().offset) for part in parts
        }


def extents(config: KafkaConfig, topic: str) -> Mapping[int, Extent]:
    """Give how far each partition of a topic of the topic table reaches now.

    Blocking. Raises `UnavailableError`, or `ConfigurationError` for a topic that does not exist.
    """
    name = config.topic(topic)
    try:
        return Extents(config).of(name)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise ConfigurationError(
                f"the topic {name} does not exist",
                on=config.bootstrap_servers,
                todo="Type: dealwire topics apply",
            ) from None
        raise UnavailableError(
            f"Kafka at {config.bootstrap_servers} does not answer: {error.args[0].str()}",
            on=name,
            todo="Check [kafka] bootstrap_servers, or start one here: dealwire sandbox up",
        ) from error

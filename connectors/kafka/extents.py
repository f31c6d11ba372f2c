"""Asks Kafka from where to where a topic reaches."""

from collections.abc import Mapping
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from connectors.kafka.config import KafkaConfig
from schemas.errors import ConfigurationError, UnavailableError

_TIMEOUT = 10.0


class Extent(NamedTuple):
    """The offset of the oldest record that a partition keeps, and that of the next one to come."""

    oldest: int
    end: int


def extents(config: KafkaConfig, topic: str) -> Mapping[int, Extent]:
    """Give how far each partition of a topic of the topic table reaches now.

    Blocking. Raises `UnavailableError`, or `ConfigurationError` for a topic that does not exist.
    """
    name = config.topic(topic)
    consumer = Consumer({**config.librdkafka(), "group.id": f"{config.group_prefix}extents"})
    try:
        found = consumer.list_topics(name, timeout=_TIMEOUT).topics[name]
        if found.error is not None:
            raise ConfigurationError(
                f"the topic {name} does not exist",
                on=config.bootstrap_servers,
                todo="Type: dealwire topics apply",
            )
        return {
            number: Extent(*consumer.get_watermark_offsets(TopicPartition(name, number), timeout=_TIMEOUT))
            for number in found.partitions
        }
    except KafkaException as error:
        raise UnavailableError(
            f"Kafka at {config.bootstrap_servers} does not answer: {error.args[0].str()}",
            on=name,
            todo="Check [kafka] bootstrap_servers, or start one here: dealwire sandbox up",
        ) from error
    finally:
        consumer.close()

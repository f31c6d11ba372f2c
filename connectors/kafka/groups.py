"""Asks Kafka how far a consumer group has come."""

from collections.abc import Mapping

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException
from confluent_kafka.admin import AdminClient

from connectors.kafka.config import KafkaConfig
from schemas.errors import UnavailableError

_TIMEOUT = 30.0


def committed(config: KafkaConfig, group: str) -> Mapping[tuple[str, int], int]:
    """Give the next offset a group will read, by topic and partition, where it committed one. Blocking.

    Raises `UnavailableError`.
    """
    client = AdminClient(config.librdkafka())
    try:
        asked = client.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], request_timeout=_TIMEOUT
        )
        found = asked[group].result(_TIMEOUT).topic_partitions or ()
    except KafkaException as error:
        raise UnavailableError(
            f"Kafka does not say how far the group has come: {error.args[0].str()}", on=group
        ) from error
    return {(part.topic, part.partition): part.offset for part in found if part.offset >= 0}

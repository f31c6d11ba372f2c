"""Looks at the cluster's topics and changes them. Never deletes one."""

import time
from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from connectors.kafka.config import KafkaConfig
from schemas.errors import RefusedError, UnavailableError
from schemas.topics import TopicState

_UNAVAILABLE = frozenset({
    KafkaError._TRANSPORT,  # noqa: SLF001 - librdkafka's own name for it
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
    KafkaError._TIMED_OUT,  # noqa: SLF001
    KafkaError.REQUEST_TIMED_OUT,
})  # fmt: skip


class TopicAdmin:
    """The topics of one cluster. Blocking: it serves commands, not agents.

    Raises `UnavailableError` when the cluster does not answer, `RefusedError` when it says no.
    """

    def __init__(self, config: KafkaConfig, *, timeout_seconds: float = 10.0) -> None:
        self._config = config
        self._timeout = timeout_seconds
        self._client = AdminClient({**config.librdkafka(), "socket.timeout.ms": 10_000})

    def topics(self) -> Mapping[str, TopicState]:
        """Give every topic of the cluster by name, with the settings that differ from the broker's own."""
        try:
            found = self._client.list_topics(timeout=self._timeout).topics
            resources = [ConfigResource(ResourceType.TOPIC, name) for name in found]
            configs = (
                self._client.describe_configs(resources, request_timeout=self._timeout) if resources else {}
            )
            settings = {
                resource.name: {
                    entry.name: str(entry.value) for entry in future.result(self._timeout).values()
                }
                for resource, future in configs.items()
            }
        except KafkaException as error:
            raise self._sorted(error, "list topics") from error
        return {
            name: TopicState(
                name,
                len(topic.partitions),
                min((len(part.replicas) for part in topic.partitions.values()), default=0),
                settings.get(name, {}),
            )
            for name, topic in found.items()
        }

    def create(self, topic: TopicState) -> None:
        """Create a topic, and wait until every broker that we can ask has it."""
        new = NewTopic(
            topic.name,
            num_partitions=topic.partitions,
            replication_factor=topic.replication,
            config=dict(topic.config),
        )
        try:
            self._client.create_topics([new], operation_timeout=self._timeout)[topic.name].result(
                self._timeout
            )
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise self._sorted(error, topic.name) from error
        self._wait_for(topic)

    def repartition(self, topic: TopicState) -> None:
        """Raise a topic's partitions to what it should have."""
        try:
            futures = self._client.create_partitions([NewPartitions(topic.name, topic.partitions)])
            futures[topic.name].result(self._timeout)
        except KafkaException as error:
            raise self._sorted(error, topic.name) from error
        self._wait_for(topic)

    def configure(self, topic: TopicState) -> None:
        """Set a topic's settings, leaving those it does not name as they are."""
        resource = ConfigResource(
            ResourceType.TOPIC,
            topic.name,
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                for name, value in topic.config.items()
            ],
        )
        try:
            self._client.incremental_alter_configs([resource])[resource].result(self._timeout)
        except KafkaException as error:
            raise self._sorted(error, topic.name) from error

    def _wait_for(self, topic: TopicState) -> None:
        deadline = time.monotonic() + self._timeout
        while time.monotonic() < deadline:
            found = self._client.list_topics(topic.name, timeout=self._timeout).topics[topic.name]
            leaders = [part.leader for part in found.partitions.values()]
            if found.error is None and len(leaders) >= topic.partitions and min(leaders) >= 0:
                return
            time.sleep(0.05)
        raise UnavailableError(f"the topic has no leaders after {self._timeout:.0f} seconds", on=topic.name)

    def _sorted(self, error: KafkaException, on: str) -> UnavailableError | RefusedError:
        reason = error.args[0]
        if reason.retriable() or reason.code() in _UNAVAILABLE:
            return UnavailableError(
                f"Kafka at {self._config.bootstrap_servers} does not answer: {reason.str()}",
                on=on,
                todo="Check [kafka] bootstrap_servers, or start one here: dealwire sandbox up",
            )
        return RefusedError(
            f"Kafka refuses: {reason.str()}",
            on=on,
            todo="Check the ACLs of this login, and the cluster's limits.",
        )

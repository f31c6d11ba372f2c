"""Which partitions a topic has."""

import time
from collections.abc import Collection
from typing import Any

from confluent_kafka import KafkaError

from schemas.errors import ConfigurationError

_TIMEOUT = 30.0
_NEW_FOR_S = 2.0
_AGAIN_AFTER_S = 0.1
_NOT_YET = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.LEADER_NOT_AVAILABLE})


def partitions_of(client: Any, topic: str, *, on: str) -> Collection[int]:
    """Give the partitions of a topic, asked by any client of librdkafka's; `on` names the cluster.

    A topic that was made a moment ago is not known to every broker yet, so one that is not known is asked for
    again for two seconds. Blocking. Raises `ConfigurationError` for one that does not exist.
    """
    ends = time.monotonic() + _NEW_FOR_S
    while True:
        found = client.list_topics(topic, timeout=_TIMEOUT).topics[topic]
        if found.error is None:
            numbers: Collection[int] = found.partitions.keys()
            return numbers
        if found.error.code() not in _NOT_YET or time.monotonic() > ends:
            raise ConfigurationError(
                f"the topic {topic} does not exist", on=on, todo="Type: dealwire topics apply"
            )
        time.sleep(_AGAIN_AFTER_S)

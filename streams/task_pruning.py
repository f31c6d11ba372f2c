"""Takes tasks that ended long ago out of the topic `tasks`, which otherwise keeps each one for ever."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from confluent_kafka import KafkaException, Producer

from connectors.kafka.config import KafkaConfig
from connectors.kafka.scan import Message, scan
from schemas.errors import UnavailableError
from schemas.task import TASK_ENDED, Task
from schemas.topics import TOPICS
from streams.records import Records
from streams.whole_topic import readable

_TOPIC = TOPICS["tasks"].name
_FLUSH_S = 60
_MOST_QUEUED = 50_000


async def ended_before(config: KafkaConfig, records: Records, moment: datetime) -> list[Message]:
    """Give the last record of each task that ended before a moment. An ended task never opens again.

    One that cannot be read stays, and is logged. Raises `UnavailableError` or `ConfigurationError`.
    """
    latest = await asyncio.to_thread(_latest, config)
    before = moment.timestamp() * 1000
    found = []
    for message in latest:
        if message.value is not None and message.timestamp < before:
            task = await readable(records, message)
            if isinstance(task, Task) and task.status in TASK_ENDED:
                found.append(message)
    return found


def forget(config: KafkaConfig, tasks: Sequence[Message], done: Callable[[], None] = lambda: None) -> None:
    """Write a null for each, where its task lies; compaction then removes both.

    Blocking. `done` is told of each that Kafka has. Raises `UnavailableError` unless it has them all; doing
    it again does no harm.
    """
    left = len(tasks)

    def delivered(error: object, _message: object) -> None:
        nonlocal left
        if error is None:
            left -= 1
            done()

    producer = Producer({**config.librdkafka(), "enable.idempotence": True})
    name = config.topic(_TOPIC)
    try:
        for task in tasks:
            producer.produce(name, None, task.key, partition=task.partition, on_delivery=delivered)
            producer.poll(0.1 if len(producer) > _MOST_QUEUED else 0)
    except (KafkaException, BufferError) as error:
        raise UnavailableError(f"Kafka does not take the record: {error}", on=name) from error
    producer.flush(_FLUSH_S)
    if left:
        raise UnavailableError(
            f"{left} tasks were not taken out: Kafka did not acknowledge it", on=name, todo="Type it again."
        )


def _latest(config: KafkaConfig) -> Sequence[Message]:
    latest: dict[bytes, Message] = {}
    for batch in scan(config, _TOPIC):
        latest.update((message.key, message) for message in batch)
    return list(latest.values())

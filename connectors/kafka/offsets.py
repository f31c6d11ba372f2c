"""Asks Kafka what lies at an offset."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from connectors.kafka.config import KafkaConfig
from connectors.kafka.delivery import aiokafka_settings
from schemas.errors import UnavailableError

_TIMEOUT_SECONDS = 30.0


async def holds_records(config: KafkaConfig, topic: str, partition: int, start: int, end: int) -> bool:
    """Whether a partition still holds a record from offset `start` up to, not including, `end`.

    Takes no part in any consumer group. Raises `UnavailableError`.
    """
    consumer = AIOKafkaConsumer(
        **aiokafka_settings(config), enable_auto_commit=False, isolation_level="read_uncommitted"
    )
    place = TopicPartition(topic, partition)
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            await consumer.start()
            consumer.assign([place])
            first = (await consumer.beginning_offsets([place]))[place]
            if first >= end:
                return False
            consumer.seek(place, max(start, first))
            # The next record after an offset is at least `end`, or one of those asked for.
            record = await consumer.getone(place)
            return bool(record.offset < end)
    except (KafkaError, TimeoutError) as error:
        raise UnavailableError(
            f"Kafka did not say what lies at offset {start}: {error!r}", on=f"{topic}[{partition}]"
        ) from error
    finally:
        await consumer.stop()

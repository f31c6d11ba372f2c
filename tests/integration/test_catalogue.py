"""Definitions as a process sees them, on a real Kafka: what was written is known to whoever asks after it."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from connectors.kafka.config import KafkaConfig
from processors.catalogue import control_record
from streams.catalogue import LiveCatalogue
from streams.control import write
from streams.records import Records
from tests.fixtures.running import create_topics, kafka_config, known_records

pytestmark = pytest.mark.kafka
AT = datetime(2026, 9, 15, tzinfo=UTC)
QUEUE = '{"kind": "queue", "name": "%s", "members": [{"name": "A", "email": "a@x.example"}]}'


async def told(config: KafkaConfig, records: Records, name: str) -> None:
    record = control_record("queue", name, 0, QUEUE % name, at=AT, actor="test")
    await asyncio.to_thread(write, config, records, [record])


async def test_what_was_written_before_is_known_to_everybody_who_asks_after(kafka: str) -> None:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    records = await known_records(config)
    live = LiveCatalogue(config, records)
    await live.start()
    try:
        for number in range(10):
            asking = [asyncio.create_task(live.refreshed()) for _ in range(3)]
            await told(config, records, f"q{number}")
            await asyncio.gather(*(live.refreshed() for _ in range(20)))
            assert f"q{number}" in live.now.queues
            await asyncio.gather(*asking)
        assert sorted(live.now.queues) == [f"q{number}" for number in range(10)]
    finally:
        await live.stop()

"""Positions of subscriptions in the compacted topic `salesforce.checkpoints`, and a twin in memory."""

import asyncio
from collections.abc import Sequence
from itertools import chain
from typing import Protocol

from connectors.kafka.config import KafkaConfig
from connectors.kafka.producer import Producer
from connectors.kafka.scan import scan
from schemas.base import Record
from schemas.change import Checkpoint
from schemas.codec import cloudevents_headers
from schemas.ids import record_key

__all__ = ["KafkaCheckpoints", "MemoryCheckpoints"]

_TOPIC = "salesforce.checkpoints"


class Coder(Protocol):
    """Records to bytes and back."""

    def encode(self, record: Record) -> bytes:
        """Give the wire bytes of a record."""
        ...

    async def decode(self, data: bytes) -> Record:
        """Read a record. Raises a `DecodeError`."""
        ...


class KafkaCheckpoints:
    """Checkpoints by org and channel. Reads the whole partition each time: it is compacted and asked once."""

    def __init__(self, config: KafkaConfig, producer: Producer, records: Coder) -> None:
        self._config = config
        self._producer = producer
        self._records = records

    async def kept(self, org_id: str, channel: str) -> Sequence[Checkpoint]:
        """Give every checkpoint that the topic still holds.

        Raises `UnavailableError`, or a `DecodeError` for a record that is none of ours.
        """
        key = record_key(org_id, channel).encode()
        values = [value for found, value in await asyncio.to_thread(self._read) if found == key]
        records = [await self._records.decode(value) for value in values if value is not None]
        return [record for record in records if isinstance(record, Checkpoint)]

    async def write(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint; Kafka has it when this returns."""
        key = record_key(checkpoint.org_id, checkpoint.channel)
        known_at = checkpoint.quiet_until or checkpoint.last_event_at
        time = "" if known_at is None else known_at.isoformat().replace("+00:00", "Z")
        headers = cloudevents_headers(checkpoint, subject=key, time=time)
        value = self._records.encode(checkpoint)
        await (await self._producer.send(self._config.topic(_TOPIC), key.encode(), value, headers))

    def _read(self) -> list[tuple[bytes, bytes | None]]:
        messages = chain.from_iterable(scan(self._config, _TOPIC))
        return [(message.key, message.value) for message in messages]


class MemoryCheckpoints:
    """Checkpoints of one process, for tests."""

    def __init__(self) -> None:
        self.written: list[Checkpoint] = []

    async def kept(self, org_id: str, channel: str) -> Sequence[Checkpoint]:
        """Give every checkpoint of a subscription."""
        return [each for each in self.written if (each.org_id, each.channel) == (org_id, channel)]

    async def write(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint."""
        self.written.append(checkpoint)

"""Puts records on their way: encoded, with headers, to the topic that is theirs."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.kafka.config import KafkaConfig
from connectors.kafka.delivery import Delivery
from connectors.ports import Outgoing
from schemas.codec import cloudevents_headers
from schemas.errors import RefusedError
from schemas.published import Published
from schemas.topics import topic_of
from streams.records import Records
from streams.tracing import child, continued

_ROOM_FOR_THE_REST = 4096
"""Key, headers and the batch around them."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """Sends records with CloudEvents headers. A send is done when its future is."""

    config: KafkaConfig
    records: Records
    delivery: Delivery

    async def send(self, outgoing: Outgoing, *, at: datetime, traceparent: str = "") -> asyncio.Future[Any]:
        """Accept one record. `at` becomes its CloudEvents time; a replay must give the same one.

        Raises `RefusedError` for a record over the size limit, or for a topic that is not allowed.
        """
        record = outgoing.record
        if isinstance(record, Published) and record.topic not in self.config.publish_topics:
            raise RefusedError(
                "workflows may not publish to this topic", on=f"published.{record.topic}",
                todo="Add its name to kafka.publish_topics, and type: dealwire topics apply",
            )  # fmt: skip
        topic = topic_of(record)
        value = self.records.encode(record)
        if len(value) + _ROOM_FOR_THE_REST > topic.max_bytes:
            # Known beforehand it is this input's trouble; learned from the broker it would end the worker.
            raise RefusedError(f"{record.ce_type} of {len(value)} bytes is too large", on=topic.name)
        headers = cloudevents_headers(
            record,
            subject=outgoing.key,
            time=at.isoformat().replace("+00:00", "Z"),
            cause=outgoing.cause,
            run=outgoing.run_id,
            traceparent=child(continued(traceparent, record.id), record.id),
        )
        return await self.delivery.send(
            self.config.topic(topic.name), outgoing.key.encode(), value, headers=headers
        )

"""From notified deals to Kafka: returns when Kafka has every change, which is when Salesforce may forget."""

import asyncio
from collections.abc import Sequence

from connectors.kafka.config import KafkaConfig
from connectors.kafka.producer import Producer
from connectors.salesforce.outbound.telling import CHANNEL, Telling
from streams.metrics import CAPTURE_PUBLISHED, CAPTURE_RECEIVED, Metrics
from streams.publishing import change_message
from streams.records import Records

__all__ = ["Notified"]


class Notified:
    """Tells of the deals of one org. At least once: the acknowledgement is the position."""

    def __init__(
        self,
        telling: Telling,
        org_id: str,
        *,
        producer: Producer,
        records: Records,
        kafka: KafkaConfig,
        metrics: Metrics,
    ) -> None:
        self._telling = telling
        self._org_id = org_id
        self._producer = producer
        self._records = records
        self._kafka = kafka
        self._metrics = metrics

    async def publish(self, ids: Sequence[str]) -> None:
        """Publish what deals became. Raises `UnavailableError` or `RefusedError`; then all comes again."""
        labels = {"org": self._org_id, "channel": CHANNEL}
        self._metrics.add(CAPTURE_RECEIVED, len(ids), **labels)
        changes = await self._telling.changes(self._org_id, ids)
        sent = []
        for change in changes:
            topic, key, value, headers = change_message(self._records, change)
            sent.append(await self._producer.send(self._kafka.topic(topic), key.encode(), value, headers))
        if sent:
            # Unlike gather, this lets them be when our time is up: Kafka may have them all the same.
            await asyncio.wait(sent)
        for each in sent:
            each.result()
        self._metrics.add(CAPTURE_PUBLISHED, len(changes), **labels)

"""Reads run events from Kafka as they happen, from the end of their topic on, for whoever listens."""

import asyncio

import structlog

from connectors.kafka.config import KafkaConfig
from connectors.kafka.tail import Tail, following
from schemas.errors import UnavailableError
from streams.api.live import Audience
from streams.history.topic import TOPIC, run_events
from streams.metrics import Metrics
from streams.records import Records

_WAIT_S = 0.2
_PAUSE_S = 1.0

log = structlog.get_logger(__name__)


async def feed(config: KafkaConfig, records: Records, audience: Audience, metrics: Metrics) -> None:
    """Tell an audience what happens, until cancelled. An unreadable event is logged, counted and left out."""
    tail = Tail(config, TOPIC.name, from_end=True)
    try:
        while True:
            try:
                batches = tail.come(wait_seconds=_WAIT_S)
                while (batch := await asyncio.to_thread(following, batches)) is not None:
                    for event in await run_events(records, batch, metrics):
                        audience.tell(event)
            except UnavailableError as error:
                log.warning("run events cannot be heard now", error=str(error))
                await asyncio.sleep(_PAUSE_S)
    finally:
        tail.close()

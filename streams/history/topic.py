"""The public topic `workflow.events`, as events of runs."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import structlog

from connectors.kafka.registry import HttpRegistry
from connectors.kafka.scan import Message, scan
from processors.history import RunStory, tell
from schemas.errors import DecodeError
from schemas.run_event import RunEvent
from schemas.topics import TOPICS
from streams.metrics import HISTORY_UNREADABLE, Metrics
from streams.records import Records, connect
from streams.settings import Settings

TOPIC = TOPICS["workflow.events"]
_log = structlog.get_logger(__name__)


async def event_records(settings: Settings) -> Records:
    """Give what decodes the topic's records."""
    return await connect(HttpRegistry(settings.registry), settings.kafka, [TOPIC])


async def run_events(records: Records, batch: Sequence[Message], metrics: Metrics) -> list[RunEvent]:
    """Give the events of a batch. One that is unreadable is logged and counted: it stays in its topic."""
    events = []
    for message in batch:
        if message.value is None:
            continue
        try:
            record = await records.decode(message.value)
        except DecodeError as error:
            metrics.add(HISTORY_UNREADABLE)
            _log.warning(
                "unreadable record", partition=message.partition, offset=message.offset, reason=str(error)
            )
            continue
        if isinstance(record, RunEvent):
            events.append(record)
    return events


async def batches(settings: Settings) -> AsyncIterator[list[Message]]:
    """Give the whole topic from its beginning to its end, in batches."""
    found = scan(settings.kafka, TOPIC.name)
    while (batch := await asyncio.to_thread(next, found, None)) is not None:
        yield batch


def follow(settings: Settings) -> Iterator[dict[str, RunStory]]:
    """Give the runs as they are known, again whenever something came or a moment passed."""
    records = asyncio.run(event_records(settings))
    told: dict[str, RunStory] = {}
    for batch in scan(settings.kafka, TOPIC.name, follow=True):
        told = tell(told, asyncio.run(run_events(records, batch, Metrics())))
        yield told

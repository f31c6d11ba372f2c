"""Run history, read from the public topic `workflow.events`."""

import asyncio
from collections.abc import Iterator, Mapping

import structlog

from connectors.kafka.registry import HttpRegistry
from connectors.kafka.scan import Message, scan
from processors.history import RunStory, tell
from schemas.errors import DecodeError
from schemas.run_event import RunEvent
from schemas.topics import TOPICS
from streams.records import Records, connect
from streams.settings import Settings

_log = structlog.get_logger(__name__)
_TOPIC = TOPICS["workflow.events"]


def stories(settings: Settings) -> Mapping[str, RunStory]:
    """Give every run of the topic, by run id, in the order they started to be told."""
    told: dict[str, RunStory] = {}
    for told in follow(settings, until_end=True):  # noqa: B007 - the last one is the answer
        pass
    return told


def follow(
    settings: Settings, *, until_end: bool = False, from_end: bool = False
) -> Iterator[dict[str, RunStory]]:
    """Give the runs as they are known, again whenever something came or a moment passed."""
    records = asyncio.run(connect(HttpRegistry(settings.registry), settings.kafka, [_TOPIC]))
    told: dict[str, RunStory] = {}
    for batch in scan(settings.kafka, _TOPIC.name, follow=not until_end, from_end=from_end):
        told = tell(told, _events(records, batch))
        yield told


def _events(records: Records, batch: list[Message]) -> Iterator[RunEvent]:
    for message in batch:
        if message.value is None:
            continue
        try:
            record = asyncio.run(records.decode(message.value))
        except DecodeError as error:
            # A reader cannot set a record aside; it says where it is and goes on.
            _log.warning(
                "unreadable record", partition=message.partition, offset=message.offset, reason=str(error)
            )
            continue
        if isinstance(record, RunEvent):
            yield record

"""Makes the history anew from the whole topic, beside the one in use, and puts it in its place."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

from connectors.kafka.extents import extents
from connectors.kafka.scan import Message, scan
from connectors.ports import Clock, RunHistory
from schemas.errors import UnavailableError
from schemas.history_feed import Slice
from streams.history.topic import TOPIC, run_events
from streams.metrics import Metrics
from streams.patience import patiently
from streams.records import Records
from streams.settings import Settings

_AT_ONCE = 2000

OnProgress = Callable[[int, int], None]
"""Told how many records were read, and how many there are."""


async def rebuild(
    settings: Settings, records: Records, history: RunHistory, clock: Clock, on_progress: OnProgress
) -> tuple[int, int]:
    """Fill a fresh history and let it take the place of `history`; give the events carried and runs kept out.

    A service that feeds the old one need not be stopped: it goes on from where the fresh one ends. Runs that
    ended before the retention are left out. If this dies on its way, nothing has changed.
    """
    topic, metrics = settings.kafka.topic(TOPIC.name), Metrics()
    reach = await asyncio.to_thread(extents, settings.kafka, TOPIC.name)
    places = {number: extent.oldest for number, extent in reach.items()}
    total = sum(extent.end - extent.oldest for extent in reach.values())
    done = carried = 0
    never = asyncio.Event()
    async with history.rebuilding() as fresh:
        await fresh.begin(topic, places, at=clock.now())
        async for batch in _batches(settings, dict(places)):
            events = await run_events(records, batch, metrics)
            ends = dict(places)
            for message in batch:
                ends[message.partition] = message.offset + 1
            slices = [
                Slice(topic, number, start, ends[number], max(0, reach[number].end - ends[number]))
                for number, start in places.items()
            ]
            now = clock.now()
            if not await patiently(lambda: fresh.append(events, slices, at=now), never):  # noqa: B023 - awaited here
                raise UnavailableError(
                    "another rebuild has begun meanwhile",
                    todo="Let one end; then type: dealwire history rebuild",
                )
            places = ends
            carried += len(events)
            done += len(batch)
            on_progress(done, max(total, done))
        left_out = await fresh.prune(clock.now() - timedelta(days=settings.history.retention_days))
    return carried, left_out


async def _batches(settings: Settings, starts: dict[int, int]) -> AsyncIterator[list[Message]]:
    """Give the topic in batches that are worth a transaction each."""
    found = scan(settings.kafka, TOPIC.name, starts=starts)
    gathered: list[Message] = []
    while (batch := await asyncio.to_thread(next, found, None)) is not None:
        gathered += batch
        if len(gathered) >= _AT_ONCE:
            yield gathered
            gathered = []
    if gathered:
        yield gathered

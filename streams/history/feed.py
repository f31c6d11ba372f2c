"""Carries the topic of runs' events into the history's database, as a service.

The positions lie in the database and move in the transaction that writes the events, so a process that dies
anywhere goes on exactly where the rows end. What comes twice all the same changes nothing.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from connectors.kafka.feed import TopicFeed
from connectors.kafka.scan import Message
from connectors.ports import Clock, RunHistory
from schemas.errors import ConfigurationError
from schemas.history_feed import Slice
from streams.history.topic import run_events
from streams.metrics import HISTORY_EVENTS, HISTORY_FORGOTTEN, HISTORY_LAG, HISTORY_MISSED, Metrics
from streams.patience import patiently
from streams.records import Records

_SAY_SO_EVERY = timedelta(seconds=5)
"""How often the database is told that nothing more came."""
_WELL_FOR = timedelta(seconds=30)
_FORGET_EVERY = timedelta(days=1)

log = structlog.get_logger(__name__)


class HistoryFeed:
    """One process of the service; several share the partitions. Raises what trying again does not heal."""

    def __init__(
        self,
        source: TopicFeed,
        records: Records,
        history: RunHistory,
        *,
        metrics: Metrics,
        clock: Clock,
        retention: timedelta,
    ) -> None:
        self._source = source
        self._records = records
        self._history = history
        self._metrics = metrics
        self._clock = clock
        self._retention = retention
        self._last_written: datetime | None = None
        self._last_forgot: datetime | None = None
        self._forgetting: asyncio.Task[None] | None = None
        metrics.watch(HISTORY_LAG, lambda: sum(source.behind().values()))

    @property
    def ready(self) -> bool:
        """Whether the group has given us our partitions and the database answered of late."""
        return (
            self._source.joined
            and not self._source.unplaced
            and self._last_written is not None
            and self._clock.now() - self._last_written < _WELL_FOR
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until told to stop."""
        try:
            while not stop.is_set():
                await self._go_on(stop)
        finally:
            if self._forgetting is not None:
                self._forgetting.cancel()
                await asyncio.gather(self._forgetting, return_exceptions=True)

    async def _go_on(self, stop: asyncio.Event) -> None:
        messages = await patiently(self._source.read, stop)
        if messages is None:
            return
        now = self._clock.now()
        if messages or self._last_written is None or now - self._last_written >= _SAY_SO_EVERY:
            await self._carry(messages, now, stop)
        if self._source.unplaced:
            await self._place(stop)
        self._forget(now, stop)

    async def _carry(self, messages: Sequence[Message], now: datetime, stop: asyncio.Event) -> None:
        """Write what came and move the positions past it, in one transaction."""
        events = await patiently(lambda: run_events(self._records, messages, self._metrics), stop)
        if events is None:
            return
        slices = _slices(self._source.topic, self._source.held, messages, self._source.behind())
        written = await patiently(lambda: self._history.append(events, slices, at=now), stop)
        if written is None:
            return
        if written:
            self._source.advance(slices)
            self._metrics.add(HISTORY_EVENTS, len(events))
            self._last_written = self._clock.now()
        else:
            log.info("the history was changed meanwhile, going on from where it is")
            self._source.lift()

    async def _place(self, stop: asyncio.Event) -> None:
        """Go on, in partitions that are new to us, where the database says."""
        topic = self._source.topic
        stored = await patiently(lambda: self._history.positions(topic), stop)
        reach = await patiently(self._source.extents, stop)
        if stored is None or reach is None:
            return
        offsets: dict[int, int] = {}
        for number in self._source.unplaced:
            held, (oldest, end) = stored.get(number), reach[number]
            if held is not None and held > end:
                raise ConfigurationError(
                    f"the history was read up to offset {held}, and partition {number} ends at {end}: it is "
                    "that of another topic",
                    on=topic,
                    todo="Make it anew from this one: dealwire history rebuild",
                )
            if held is not None and held < oldest:
                self._metrics.add(HISTORY_MISSED, oldest - held)
                log.error("events are gone before they were read", partition=number, missing=oldest - held)
            offsets[number] = max(oldest, held if held is not None else oldest)
        began = await patiently(lambda: self._begin(topic, offsets), stop)
        if began:
            self._source.place(offsets)

    async def _begin(self, topic: str, offsets: Mapping[int, int]) -> bool:
        await self._history.begin(topic, offsets, at=self._clock.now())
        return True

    def _forget(self, now: datetime, stop: asyncio.Event) -> None:
        """Once a day, forget what ended long ago, while reading goes on."""
        if self._forgetting is not None and self._forgetting.done():
            self._forgetting.result()
            self._forgetting = None
        if self._forgetting is None and (
            self._last_forgot is None or now - self._last_forgot >= _FORGET_EVERY
        ):
            self._last_forgot = now
            self._forgetting = asyncio.create_task(self._forget_now(now - self._retention, stop))

    async def _forget_now(self, before: datetime, stop: asyncio.Event) -> None:
        count = await patiently(lambda: self._history.prune(before), stop)
        if count:
            self._metrics.add(HISTORY_FORGOTTEN, count)
            log.info("runs forgotten", count=count, ended_before=before.isoformat())


def _slices(
    topic: str, held: Mapping[int, int], messages: Sequence[Message], behind: Mapping[int, int]
) -> list[Slice]:
    """Give what was read of each partition; nothing of most of them, which is worth telling too."""
    ends = dict(held)
    for message in messages:
        ends[message.partition] = message.offset + 1
    return [
        Slice(topic, number, start, ends[number], max(0, behind.get(number, 0) - (ends[number] - start)))
        for number, start in sorted(held.items())
    ]

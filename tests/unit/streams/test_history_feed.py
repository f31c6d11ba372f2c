"""The feed of the history: whatever dies, repeats or changes beneath it, the rows are those of the topic."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import cast

import pytest

from connectors.history.memory import MemoryRunHistory
from connectors.kafka.config import KafkaConfig
from connectors.kafka.scan import Message
from connectors.ports import RunHistory
from processors.run_summary import summarize
from schemas.errors import ConfigurationError, RefusedError, UnavailableError
from schemas.run_event import RunEvent
from schemas.run_query import RunQuery
from schemas.run_summary import RunSummary
from streams.history.feed import HistoryFeed
from streams.metrics import (
    HISTORY_EVENTS,
    HISTORY_FORGOTTEN,
    HISTORY_LAG,
    HISTORY_MISSED,
    HISTORY_UNREADABLE,
    Metrics,
)
from streams.patience import patiently
from streams.records import Records
from tests.fixtures.run_events import START, an_event
from tests.fixtures.run_topic import NAME, Death, Died, MemoryFeed, MortalHistory, a_message
from tests.fixtures.running import known_records

RETENTION = timedelta(days=90)
Partitions = dict[int, list[Message]]


class MovedClock:
    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment


def told(run: str) -> list[RunEvent]:
    kinds = ["run.started", "step.started", "task.opened", "something.new", "run.completed"]
    return [an_event(number, kind, run) for number, kind in enumerate(kinds, start=1)]


@pytest.fixture
async def records() -> Records:
    return await known_records(KafkaConfig())


@pytest.fixture
def partitions(records: Records) -> Partitions:
    """Two partitions of two runs each, whose events are mixed; some come twice, some are poison."""
    found: Partitions = {}
    for number in (0, 1):
        mixed: list[RunEvent | bytes | None] = []
        for pair in zip(told(f"{number}-a"), told(f"{number}-b"), strict=True):
            mixed += pair
        mixed[4:4] = [*mixed[:3], b"garbage", None]
        mixed += [mixed[0], an_event(0, "command.refused", "", id=f"refused-{number}")]
        found[number] = [a_message(records, number, offset, event) for offset, event in enumerate(mixed)]
    return found


EXPECTED = sorted(
    (cast("RunSummary", summarize(None, told(f"{number}-{name}"))) for number in (0, 1) for name in "ab"),
    key=lambda run: run.run_id,
)


async def rows(history: RunHistory) -> list[RunSummary]:
    return sorted(await history.select(RunQuery(limit=100)), key=lambda run: run.run_id)


def a_feed(
    source: MemoryFeed, records: Records, history: object, *, clock: MovedClock | None = None
) -> tuple[HistoryFeed, Metrics]:
    metrics = Metrics()
    feed = HistoryFeed(
        source,
        records,
        cast("RunHistory", history),
        metrics=metrics,
        clock=clock or MovedClock(),
        retention=RETENTION,
    )
    return feed, metrics


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not done():  # noqa: ASYNC110  # asked from outside, as a probe asks
            await asyncio.sleep(0)


async def run_until(feed: HistoryFeed, done: Callable[[], bool]) -> None:
    """Run the feed as its command does, and stop it once `done`."""
    async with running(feed) as task:
        await until(lambda: done() or task.done())


async def run_dry(source: MemoryFeed, records: Records, history: object) -> None:
    """Run a feed of its own until everything there is was carried."""
    feed, _ = a_feed(source, records, history)
    await run_until(feed, lambda: source.drained)


@asynccontextmanager
async def running(feed: HistoryFeed) -> AsyncIterator["asyncio.Task[None]"]:
    stop = asyncio.Event()
    task = asyncio.create_task(feed.run(stop))
    yield task
    stop.set()
    await task


async def test_carries_the_topic_and_counts(records: Records, partitions: Partitions) -> None:
    history, source = MemoryRunHistory(summarize), MemoryFeed(partitions)
    feed, metrics = a_feed(source, records, history)
    assert not feed.ready
    await run_until(feed, lambda: source.drained)
    assert await rows(history) == EXPECTED
    assert [event.id for event in await history.loose(EXPECTED[0].opportunity_id)] == [
        "refused-0",
        "refused-1",
    ]
    assert await history.positions(NAME) == {number: len(kept) for number, kept in partitions.items()}
    assert metrics.value(HISTORY_UNREADABLE) == 2
    assert metrics.value(HISTORY_EVENTS) == 2 * (10 + 3 + 2)
    assert metrics.value(HISTORY_LAG) == 0
    assert feed.ready


async def test_dead_at_any_line_it_loses_and_doubles_nothing(
    records: Records, partitions: Partitions
) -> None:
    moment = 0
    while True:
        death, history = Death(moment), MemoryRunHistory(summarize)
        with suppress(Died):
            await run_dry(MemoryFeed(partitions, death), records, MortalHistory(history, death))
        if not death.reached:
            break
        await run_dry(MemoryFeed(partitions), records, history)
        assert await rows(history) == EXPECTED, moment
        assert len(await history.loose(EXPECTED[0].opportunity_id)) == 2
        moment += 1
    assert moment > 30


async def test_dying_again_and_again_it_gets_through(records: Records, partitions: Partitions) -> None:
    history = MemoryRunHistory(summarize)
    for moment in range(1, 60):
        death = Death(moment)
        with suppress(Died):
            await run_dry(MemoryFeed(partitions, death), records, MortalHistory(history, death))
    assert await rows(history) == EXPECTED


async def test_goes_back_when_the_history_is_rebuilt_beneath_it(
    records: Records, partitions: Partitions
) -> None:
    history, source, clock = MemoryRunHistory(summarize), MemoryFeed(partitions), MovedClock()
    feed, _ = a_feed(source, records, history, clock=clock)
    async with running(feed):
        await until(lambda: source.drained)
        async with history.rebuilding() as fresh:  # one that got less far
            await fresh.begin(NAME, {0: 0, 1: 0}, at=START)
        assert await rows(history) == []
        clock.moment += timedelta(seconds=6)  # nothing comes, and yet it notices
        await until(lambda: not source.drained)
        await until(lambda: source.drained)
    assert await rows(history) == EXPECTED


async def test_says_what_is_gone_before_it_was_read(records: Records, partitions: Partitions) -> None:
    history, source = MemoryRunHistory(summarize), MemoryFeed(partitions)
    await history.begin(NAME, {0: 2, 1: 0}, at=START)
    source.oldest[0] = 6
    source.partitions = {**partitions, 0: partitions[0][6:]}
    feed, metrics = a_feed(source, records, history)
    await run_until(feed, lambda: source.drained)
    assert metrics.value(HISTORY_MISSED) == 4
    assert (await history.positions(NAME))[0] == len(partitions[0])


async def test_a_new_history_of_an_old_topic_misses_nothing(records: Records, partitions: Partitions) -> None:
    history, source = MemoryRunHistory(summarize), MemoryFeed(partitions)
    source.oldest[0] = 6
    source.partitions = {**partitions, 0: partitions[0][6:]}
    feed, metrics = a_feed(source, records, history)
    await run_until(feed, lambda: source.drained)
    assert metrics.value(HISTORY_MISSED) == 0


async def test_the_history_of_another_topic_is_refused(records: Records, partitions: Partitions) -> None:
    history = MemoryRunHistory(summarize)
    await history.begin(NAME, {0: 5000}, at=START)
    feed, _ = a_feed(MemoryFeed(partitions), records, history)
    with pytest.raises(ConfigurationError, match="dealwire history rebuild"):
        await run_until(feed, lambda: False)


class Ailing:
    """A history that does not answer the first times, or never."""

    def __init__(self, history: object, error: Exception, times: int) -> None:
        self._history, self._error, self.left = history, error, times

    def __getattr__(self, name: str) -> Callable[..., object]:
        async def call(*given: object, **named: object) -> object:
            if self.left:
                self.left -= 1
                raise self._error
            return await getattr(self._history, name)(*given, **named)

        return call


async def test_waits_for_a_database_that_does_not_answer(
    records: Records, partitions: Partitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(ask: Callable[[], Awaitable[object]], stop: asyncio.Event) -> object:
        return await patiently(ask, stop, first_pause_s=0)

    monkeypatch.setattr("streams.history.feed.patiently", at_once)
    history, source = MemoryRunHistory(summarize), MemoryFeed(partitions)
    await run_dry(source, records, Ailing(history, UnavailableError("no connection"), 7))
    assert await rows(history) == EXPECTED


async def test_ends_when_the_database_refuses(records: Records, partitions: Partitions) -> None:
    history = Ailing(MemoryRunHistory(summarize), RefusedError("no such table"), 1)
    feed, _ = a_feed(MemoryFeed(partitions), records, history)
    with pytest.raises(RefusedError):
        await run_until(feed, lambda: False)


async def test_is_not_ready_when_the_database_was_silent_for_long(
    records: Records, partitions: Partitions
) -> None:
    source, clock = MemoryFeed(partitions), MovedClock()
    feed, _ = a_feed(source, records, MemoryRunHistory(summarize), clock=clock)
    await run_until(feed, lambda: source.drained)
    assert feed.ready
    clock.moment += timedelta(minutes=1)
    assert not feed.ready


async def test_forgets_once_a_day(records: Records, partitions: Partitions) -> None:
    history, source, clock = MemoryRunHistory(summarize), MemoryFeed(partitions), MovedClock()
    feed, metrics = a_feed(source, records, history, clock=clock)
    async with running(feed):
        await until(lambda: source.drained)
        clock.moment += RETENTION - timedelta(days=1)
        for _ in range(200):
            await asyncio.sleep(0)
        assert await rows(history) == EXPECTED
        clock.moment += timedelta(days=2)
        await until(lambda: metrics.value(HISTORY_FORGOTTEN) == len(EXPECTED))
    assert await rows(history) == []


async def test_ends_when_forgetting_is_refused(records: Records, partitions: Partitions) -> None:
    class NoPrune(MemoryRunHistory):
        async def prune(self, before: datetime) -> int:
            raise RefusedError(f"no right to forget what ended before {before}")

    feed, _ = a_feed(MemoryFeed(partitions), records, NoPrune(summarize))
    with pytest.raises(RefusedError, match="no right"):
        await run_until(feed, lambda: False)

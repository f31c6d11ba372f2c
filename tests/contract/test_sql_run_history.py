"""What only a database does: tables made and swapped at once, writers that meet, locks, servers that go."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from connectors.history.sql import SqlRunHistory
from processors.run_summary import summarize
from schemas.errors import ConfigurationError, RefusedError, UnavailableError
from schemas.history_feed import Slice
from schemas.run_event import RunEvent
from schemas.run_query import RunQuery
from tests.fixtures.postgres import Postgres
from tests.fixtures.run_events import START, an_event
from tests.fixtures.run_history import DATABASES, new_url, sql_history

TOPIC = "workflow.events"
KINDS = ["run.started", "step.started", "task.opened", "step.completed", "run.completed"]


@pytest.fixture(params=DATABASES)
async def url(request: pytest.FixtureRequest) -> str:
    return await new_url(request.param, request)


@pytest.fixture
async def history(url: str) -> AsyncIterator[SqlRunHistory]:
    history = sql_history(url)
    await history.create_tables()
    await history.begin(TOPIC, {0: 0, 1: 0}, at=START)
    yield history
    await history.close()


def told(run: str) -> list[RunEvent]:
    return [an_event(number, kind, run) for number, kind in enumerate(KINDS, start=1)]


def sqlite_file_is_there(folder: Path) -> bool:
    return (folder / "new").exists()


async def all_whole(history: SqlRunHistory, count: int) -> bool:
    runs = await history.select(RunQuery(limit=10_000))
    return len(runs) == count and all(run == summarize(None, told(run.run_id)) for run in runs)


async def test_is_there_only_once_its_tables_are(url: str, tmp_path: Path) -> None:
    history = sql_history(url)
    assert not await history.exists()
    assert not sqlite_file_is_there(tmp_path)
    await history.create_tables()
    assert await history.exists()
    await history.close()


async def test_many_processes_may_create_the_tables_at_once(url: str) -> None:
    histories = [sql_history(url) for _ in range(6)]
    await asyncio.gather(*(each.create_tables() for each in histories))
    assert await histories[0].append(told("r1"), [], at=START)
    assert await all_whole(histories[5], 1)
    for each in histories:
        await each.close()


async def test_tables_of_another_version_are_named_and_a_rebuild_mends_them(history: SqlRunHistory) -> None:
    async with history._database.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE run_positions DROP COLUMN behind"))
    with pytest.raises(ConfigurationError, match=r"run_positions\.behind.*dealwire history rebuild"):
        await history.create_tables()
    async with history.rebuilding() as fresh:
        await fresh.begin(TOPIC, {0: 0}, at=START)
    await history.create_tables()
    assert await history.positions(TOPIC) == {0: 0}


async def test_two_writers_of_the_same_runs_leave_them_whole(url: str, history: SqlRunHistory) -> None:
    """As when a process that was frozen wakes while another has its partition: both write the same."""
    other = sql_history(url)
    events = [event for number in range(20) for event in told(f"r{number}")]

    async def write(writer: SqlRunHistory, size: int) -> None:
        for start in range(0, len(events), size):
            end = min(start + size, len(events))
            assert await writer.append(events[start:end], [Slice(TOPIC, 0, start, end)], at=START)

    await asyncio.gather(write(history, 7), write(other, 3), return_exceptions=True)
    await write(history, 11)
    assert await all_whole(history, 20)
    assert (await history.positions(TOPIC))[0] == len(events)
    await other.close()


async def test_writers_of_different_partitions_wait_for_nobody_for_ever(
    url: str, history: SqlRunHistory
) -> None:
    other = sql_history(url)

    async def write(writer: SqlRunHistory, partition: int) -> None:
        for number in range(30):
            events = told(f"{partition}-{number}")
            assert await writer.append(events, [Slice(TOPIC, partition, number, number + 1)], at=START)

    await asyncio.gather(write(history, 0), write(other, 1))
    assert await all_whole(history, 60)
    await other.close()


async def test_tables_are_swapped_under_those_who_read_write_and_forget(
    url: str, history: SqlRunHistory
) -> None:
    other, stop = sql_history(url), asyncio.Event()

    async def write() -> int:
        refused = place = 0
        while not stop.is_set():
            events, slices = told(f"r{place}"), [Slice(TOPIC, 0, place, place + 1)]
            if await other.append(events, slices, at=START):
                place += 1
            else:
                refused += 1
                place = (await other.positions(TOPIC))[0]
        return refused

    async def read() -> None:
        while not stop.is_set():
            for run in await other.select(RunQuery(limit=5)):
                await other.told(run.run_id)
            await other.prune(START - timedelta(days=1))

    working = asyncio.gather(write(), read())
    for _ in range(4):
        await asyncio.sleep(0.1)
        async with history.rebuilding() as fresh:
            await fresh.begin(TOPIC, {0: 0}, at=START)
            assert await fresh.append(told("r0"), [Slice(TOPIC, 0, 0, 1)], at=START)
    await asyncio.sleep(0.1)
    stop.set()
    refused, _ = await working
    assert refused >= 1
    assert await all_whole(history, (await history.positions(TOPIC))[0])
    await other.close()


async def test_of_two_rebuilds_at_once_the_first_one_ends_and_changes_nothing(
    url: str, history: SqlRunHistory
) -> None:
    other = sql_history(url)

    async def first_rebuild() -> None:
        async with other.rebuilding() as first:
            await first.begin(TOPIC, {0: 0}, at=START)
            async with history.rebuilding() as second:
                await second.begin(TOPIC, {0: 0}, at=START)
                assert not await first.append([], [Slice(TOPIC, 0, 5, 6)], at=START)
                assert await second.append(told("r1"), [Slice(TOPIC, 0, 0, 5)], at=START)

    with pytest.raises(RefusedError, match="rebuild"):
        await first_rebuild()
    assert await all_whole(history, 1)
    assert await history.positions(TOPIC) == {0: 5}
    await other.close()


async def test_a_locked_file_is_waited_for_and_then_unavailable(tmp_path: Path) -> None:
    history = sql_history(f"sqlite+aiosqlite:///{tmp_path}/history.db", timeout_seconds=0.1)
    await history.create_tables()
    other = sqlite3.connect(tmp_path / "history.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(UnavailableError, match="locked"):
        await history.append(told("r1"), [], at=START)
    assert await history.select(RunQuery()) == []  # readers wait for nobody
    other.execute("ROLLBACK")
    other.close()
    assert await history.append(told("r1"), [], at=START)
    await history.close()


@pytest.mark.postgres
async def test_a_server_that_goes_is_unavailable_and_used_again_when_it_is_back(postgres: Postgres) -> None:
    history = sql_history(await postgres.create_database(), timeout_seconds=2)
    await history.create_tables()
    await history.begin(TOPIC, {0: 0}, at=START)
    await asyncio.to_thread(postgres.stop)
    try:
        with pytest.raises(UnavailableError):
            await history.append(told("r1"), [Slice(TOPIC, 0, 0, 5)], at=START)
        with pytest.raises(UnavailableError):
            await history.exists()
    finally:
        await asyncio.to_thread(postgres.start)
    assert await history.append(told("r1"), [Slice(TOPIC, 0, 0, 5)], at=START)
    assert await all_whole(history, 1)
    await history.close()

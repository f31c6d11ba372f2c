"""The history's service on real Kafka: killed, joined, rebuilt beneath, late: the rows are the topic's."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.history.config import HistoryConfig
from connectors.history.sql import SqlRunHistory
from connectors.kafka.broker.process import Child
from connectors.kafka.config import KafkaConfig, RegistryConfig
from connectors.kafka.extents import extents
from connectors.kafka.feed import TopicFeed
from connectors.kafka.registry import HttpRegistry
from connectors.ports import SystemClock
from processors.history import tell
from schemas.run_event import RunEvent
from schemas.run_query import RunQuery
from schemas.run_summary import RunSummary
from streams.history.feed import HistoryFeed
from streams.history.reading import opened
from streams.history.rebuild import rebuild
from streams.metrics import HISTORY_MISSED, Metrics
from streams.settings import Settings
from streams.topics import register_contracts
from tests.fixtures.run_events import an_event
from tests.fixtures.run_history import DATABASES, new_url, sql_history
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

TOPIC = "workflow.events"
KINDS = ["run.started", "step.started", "task.opened", "task.claimed", "task.answered", "step.completed",
         "step.started", "something.new", "step.completed", "run.completed"]  # fmt: skip


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AgentBench:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    return AgentBench(config, await known_records(config), tmp_path)


def settings_of(bench: AgentBench, url: str) -> Settings:
    return Settings(kafka=bench.config, history=HistoryConfig(url=url))


def produce(bench: AgentBench, runs: Sequence[int], chance: random.Random) -> None:
    """Tell runs, each in order and some of it again, as agents do that were killed."""
    for step in range(len(KINDS)):
        for number in runs:
            event = an_event(step + 1, KINDS[step], f"run-{number:05}", task_id="t1", outcome="done")
            bench.queue(TOPIC, f"key-{number % 50}", event)
            if chance.random() < 0.2:
                for again in range(chance.randint(1, step + 1), step + 2):
                    repeat = an_event(
                        again, KINDS[again - 1], f"run-{number:05}", task_id="t1", outcome="done"
                    )
                    bench.queue(TOPIC, f"key-{number % 50}", repeat)
    bench.flush()


def an_event_of(number: int, step: int) -> RunEvent:
    return an_event(step + 1, KINDS[step], f"run-{number:05}", task_id="t1", outcome="done")


def expected(runs: Sequence[int]) -> dict[str, RunSummary]:
    events = [an_event_of(number, step) for number in runs for step in range(len(KINDS))]
    return {run: story.summary for run, story in tell({}, events).items()}


async def held(history: SqlRunHistory) -> dict[str, RunSummary]:
    return {run.run_id: run for run in await history.select(RunQuery(limit=100_000))}


async def until_read(history: SqlRunHistory, config: KafkaConfig, within_s: float = 60) -> Mapping[int, int]:
    """Wait until the database says that it holds the topic up to its present end."""
    reach = await asyncio.to_thread(extents, config, TOPIC)
    async with asyncio.timeout(within_s):
        while True:
            found = await history.positions(config.topic(TOPIC))
            if all(found.get(number, 0) >= extent.end for number, extent in reach.items()):
                return found
            await asyncio.sleep(0.1)


@asynccontextmanager
async def feeding(bench: AgentBench, history: SqlRunHistory) -> AsyncIterator[tuple[HistoryFeed, Metrics]]:
    metrics, stop = Metrics(), asyncio.Event()
    source = TopicFeed(bench.config, TOPIC, "history")
    feed = HistoryFeed(
        source,
        bench.records,
        history,
        metrics=metrics,
        clock=SystemClock(),
        retention=timedelta(days=36500),
    )
    running = asyncio.create_task(feed.run(stop))
    yield feed, metrics
    stop.set()
    await running
    await source.close()


@pytest.fixture(params=DATABASES)
async def history(request: pytest.FixtureRequest) -> AsyncIterator[SqlRunHistory]:
    history = sql_history(await new_url(request.param, request))
    await history.create_tables()
    yield history
    await history.close()


@pytest.mark.registry
@pytest.mark.parametrize("kind", DATABASES)
async def test_killed_again_and_again_it_loses_and_doubles_nothing(
    kind: str, bench: AgentBench, registry: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = await new_url(kind, request)
    await register_contracts(HttpRegistry(RegistryConfig(url=registry)), bench.config)
    file = tmp_path / "dealwire.toml"
    file.write_text(
        f'[kafka]\nbootstrap_servers = "{bench.config.bootstrap_servers}"\n'
        f'topic_prefix = "{bench.config.topic_prefix}"\ngroup_prefix = "{bench.config.group_prefix}"\n'
        f'session_timeout_ms = 6000\n[registry]\nurl = "{registry}"\n[history]\nurl = "{url}"\n'
        "retention_days = 3650\n"
    )
    command = [sys.executable, "-m", "streams", "--config", str(file), "history", "run"]
    children = [Child(f"history-{number}", command, log=tmp_path / f"{number}.log") for number in (0, 1)]
    chance, runs = random.Random(7), range(400)
    history = sql_history(url)
    try:
        for child in children:
            child.start()
        for number in range(8):
            await asyncio.to_thread(produce, bench, runs[number * 50 : number * 50 + 50], chance)
            await asyncio.sleep(chance.uniform(0.5, 2.5))
            child = children[number % 2]
            child.kill()
            child.start()
        await history.create_tables()
        await until_read(history, bench.config, within_s=90)
        assert await held(history) == expected(runs)
        assert [event.kind for event in await history.told("run-00123")] == KINDS
        for child in children:
            child.stop()
            assert "Traceback" not in child.tail(1000)
    finally:
        for child in children:
            child.kill()
        await history.close()


async def test_members_share_the_partitions_and_take_over(bench: AgentBench, history: SqlRunHistory) -> None:
    chance = random.Random(7)
    async with feeding(bench, history) as (first, _):
        produce(bench, range(100), chance)
        await until_read(history, bench.config)
        async with feeding(bench, history) as (second, _):
            async with asyncio.timeout(30):
                while not all(feed.ready and feed._source.held for feed in (first, second)):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert not set(first._source.held) & set(second._source.held)
            produce(bench, range(100, 200), chance)
            await until_read(history, bench.config)
        produce(bench, range(200, 300), chance)
        await until_read(history, bench.config)
    assert await held(history) == expected(range(300))


async def test_is_rebuilt_while_it_goes_on(bench: AgentBench, history: SqlRunHistory) -> None:
    chance, seen = random.Random(7), list[tuple[int, int]]()
    settings = Settings(kafka=bench.config, history=HistoryConfig(retention_days=3650))
    async with feeding(bench, history):
        produce(bench, range(200), chance)
        await until_read(history, bench.config)
        await history.append([an_event(1, "run.started", "not of the topic")], [], at=SystemClock().now())
        producing = asyncio.create_task(asyncio.to_thread(produce, bench, range(200, 400), chance))
        carried, left_out = await rebuild(
            settings, bench.records, history, SystemClock(), lambda *told: seen.append(told)
        )
        await producing
        produce(bench, range(400, 450), chance)
        await until_read(history, bench.config)
    assert await held(history) == expected(range(450))
    assert (carried >= 2000, left_out) == (True, 0)
    assert seen[-1][0] == seen[-1][1] == carried


async def test_a_rebuild_leaves_out_what_ended_long_ago(bench: AgentBench, history: SqlRunHistory) -> None:
    produce(bench, range(20), random.Random(7))
    settings = Settings(kafka=bench.config, history=HistoryConfig(retention_days=1))
    _, left_out = await rebuild(settings, bench.records, history, SystemClock(), lambda *_: None)
    assert left_out == 20
    assert await held(history) == {}
    await until_read(history, bench.config)


async def test_records_that_are_gone_are_counted_and_passed(
    bench: AgentBench, history: SqlRunHistory
) -> None:
    produce(bench, range(50), random.Random(7))
    async with feeding(bench, history):
        await until_read(history, bench.config)
    produce(bench, range(50, 100), random.Random(8))
    reach = await asyncio.to_thread(extents, bench.config, TOPIC)
    admin = AdminClient(bench.config.librdkafka())
    ends = [TopicPartition(bench.config.topic(TOPIC), number, each.end) for number, each in reach.items()]
    for deleted in admin.delete_records(ends).values():
        await asyncio.to_thread(deleted.result, 30)
    async with feeding(bench, history) as (_, metrics):
        await until_read(history, bench.config)
        produce(bench, range(100, 150), random.Random(9))
        await until_read(history, bench.config)
        assert metrics.value(HISTORY_MISSED) > 0
    assert await held(history) == expected([*range(50), *range(100, 150)])


async def test_without_a_database_the_topic_is_read(
    bench: AgentBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def known(_settings: Settings) -> object:
        return bench.records

    monkeypatch.setattr("streams.history.reading.event_records", known)
    produce(bench, range(30), random.Random(7))
    said: list[str] = []
    settings = settings_of(bench, f"sqlite+aiosqlite:///{tmp_path}/none.db")
    async with opened(settings, SystemClock(), said.append) as history:
        found = await history.select(RunQuery(limit=100))
        assert {run.run_id: run for run in found} == expected(range(30))
        assert len(await history.told("run-00007")) == len(KINDS)
    assert "dealwire history run" in said[0]

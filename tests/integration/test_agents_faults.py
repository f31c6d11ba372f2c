"""Workers are killed, stopped and frozen: every change still becomes its stage entry, in order."""

import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition

from connectors.kafka.broker.kafka import KafkaCluster
from connectors.kafka.config import KafkaConfig
from schemas.change import Change
from schemas.run import StageState
from schemas.stage import StageEntry
from streams.records import Records
from tests.fixtures.agents import ORG
from tests.fixtures.running import PARTITIONS, AgentBench, create_topics, kafka_config, known_records

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

DEALS = 200
MOVES = 30
START = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)
WITHIN_S = 120


class Workers:
    """Some worker processes, started again whenever one has ended."""

    def __init__(self, config: KafkaConfig, count: int) -> None:
        self._command = [
            sys.executable,
            "-m",
            "tests.fixtures.transitions_worker",
            config.bootstrap_servers,
            config.topic_prefix,
            str(config.replication_factor),
        ]
        self.processes = [self._start() for _ in range(count)]

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._command)  # noqa: S603  # our own script

    def send(self, number: int, what: signal.Signals) -> None:
        self.processes[number].send_signal(what)

    def start_what_ended(self) -> None:
        for number, process in enumerate(self.processes):
            if process.poll() is not None:
                self.processes[number] = self._start()

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait(30)


def _fill(bench: AgentBench) -> list[Change]:
    changes = []
    for move in range(MOVES):
        for deal in range(DEALS):
            at = START + timedelta(minutes=move)
            change = Change(
                id=f"change-{deal}-{move}",
                org_id=ORG,
                entity="Opportunity",
                record_id=f"006{deal:012d}AAA",
                change_type="UPDATE",
                changed_fields=("StageName",),
                commit_time=at,
                body=json.dumps({"StageName": f"Stage {move}"}).encode(),
            )
            changes.append(change)
    for change in changes:
        bench.queue("salesforce.changes", f"{ORG}:{change.record_id}", change)
    bench.flush()
    return changes


def _consumer(config: KafkaConfig) -> Consumer:
    return Consumer(
        {
            **config.librdkafka(),
            "group.id": config.group("transitions"),
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )


def _lag(config: KafkaConfig) -> int:
    consumer = _consumer(config)
    places = [TopicPartition(config.topic("salesforce.changes"), part) for part in range(PARTITIONS)]
    try:
        committed = consumer.committed(places, timeout=10)
        return sum(
            consumer.get_watermark_offsets(place, timeout=10)[1] - max(0, place.offset) for place in committed
        )
    except KafkaException:
        return 1  # the group moves to another coordinator; ask again
    finally:
        consumer.close()


def _all(config: KafkaConfig, topic: str) -> list[tuple[bytes, bytes]]:
    consumer = _consumer(config)
    consumer.assign([TopicPartition(topic, part, 0) for part in range(PARTITIONS)])
    found: list[tuple[bytes, bytes]] = []
    ended = 0
    while ended < PARTITIONS:
        for message in consumer.consume(1000, timeout=10):
            if message.error() is not None:
                ended += 1
                continue
            key, value = message.key(), message.value()
            assert isinstance(key, bytes)
            assert isinstance(value, bytes)
            found.append((key, value))
    consumer.close()
    return found


def _check(config: KafkaConfig, records: Records, changes: list[Change]) -> None:
    """Nothing missing, each deal's entries in order, and the state is that of the last change."""
    times: Counter[str] = Counter()
    order: defaultdict[str, list[int]] = defaultdict(list)
    for _, value in _all(config, config.topic("opportunity.stages")):
        entry = records.decode_known(value)
        assert isinstance(entry, StageEntry)
        times[entry.change_id] += 1
        if times[entry.change_id] == 1:
            order[entry.opportunity_id].append(int(entry.stage.split()[1]))
    assert [change.id for change in changes if change.id not in times] == []
    assert {deal for deal, moves in order.items() if moves != list(range(MOVES))} == set()
    state = dict(_all(config, config.changelog("transitions", "stages")))
    last = {key: StageState.model_validate_json(value).stage for key, value in state.items()}
    assert set(last.values()) == {f"Stage {MOVES - 1}"}
    assert len(last) == DEALS
    assert _all(config, config.topic("dead-letters")) == []


async def _wait_until_done(config: KafkaConfig, workers: Workers) -> None:
    deadline = time.monotonic() + WITHIN_S
    while (left := await asyncio.to_thread(_lag, config)) and time.monotonic() < deadline:
        workers.start_what_ended()
        await asyncio.sleep(0.5)
    assert left == 0


async def test_nothing_is_lost_while_workers_die(
    kafka: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path_factory.mktemp("worker"))
    changes = _fill(bench)
    workers = Workers(config, 2)
    chance = random.Random(7)
    try:
        await asyncio.sleep(4)
        for what in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
            victim = chance.randrange(2)
            workers.send(victim, what)
            await asyncio.sleep(chance.uniform(1, 3))
            if what is signal.SIGSTOP:
                await asyncio.sleep(6)
                workers.send(victim, signal.SIGCONT)
            workers.start_what_ended()
        await _wait_until_done(config, workers)
    finally:
        workers.end()
    _check(config, bench.records, changes)


@pytest.mark.long
async def test_nothing_is_lost_while_a_broker_dies(
    kafka_cluster: KafkaCluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    config = kafka_config(kafka_cluster.bootstrap_servers, f"t{uuid4().hex[:8]}.", copies=3)
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path_factory.mktemp("worker"))
    changes = _fill(bench)
    workers = Workers(config, 2)
    try:
        await asyncio.sleep(4)
        kafka_cluster.kill(0)
        await asyncio.sleep(3)
        await asyncio.to_thread(kafka_cluster.restart, 0)
        await _wait_until_done(config, workers)
    finally:
        workers.end()
    _check(config, bench.records, changes)

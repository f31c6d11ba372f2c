"""Workers are killed, stopped and frozen: every change still becomes its stage entry, in order."""

import asyncio
import json
import random
import signal
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from connectors.kafka.broker.kafka import KafkaCluster
from connectors.kafka.config import KafkaConfig
from schemas.change import Change
from schemas.run import StageState
from schemas.stage import StageEntry
from streams.records import Records
from tests.fixtures.agents import ORG
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records
from tests.fixtures.workers import Workers, whole

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

DEALS = 200
MOVES = 30
START = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)


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


def _check(config: KafkaConfig, records: Records, changes: list[Change]) -> None:
    """Nothing missing, each deal's entries in order, and the state is that of the last change."""
    times: Counter[str] = Counter()
    order: defaultdict[str, list[int]] = defaultdict(list)
    for _, value in whole(config, config.topic("opportunity.stages")):
        entry = records.decode_known(value)
        assert isinstance(entry, StageEntry)
        times[entry.change_id] += 1
        if times[entry.change_id] == 1:
            order[entry.opportunity_id].append(int(entry.stage.split()[1]))
    assert [change.id for change in changes if change.id not in times] == []
    assert {deal for deal, moves in order.items() if moves != list(range(MOVES))} == set()
    state = dict(whole(config, config.changelog("transitions", "stages")))
    last = {key: StageState.model_validate_json(value).stage for key, value in state.items()}
    assert set(last.values()) == {f"Stage {MOVES - 1}"}
    assert len(last) == DEALS
    assert whole(config, config.topic("dead-letters")) == []


async def test_nothing_is_lost_while_workers_die(
    kafka: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path_factory.mktemp("worker"))
    changes = _fill(bench)
    workers = Workers("transitions", config, 2)
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
        await workers.until_done("salesforce.changes")
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
    workers = Workers("transitions", config, 2)
    try:
        await asyncio.sleep(4)
        kafka_cluster.kill(0)
        await asyncio.sleep(3)
        await asyncio.to_thread(kafka_cluster.restart, 0)
        await workers.until_done("salesforce.changes")
    finally:
        workers.end()
    _check(config, bench.records, changes)

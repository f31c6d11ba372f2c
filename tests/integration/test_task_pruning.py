"""Tasks that ended long ago leave their topic, on a real Kafka; the others stay."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from schemas.errors import UnavailableError
from schemas.task import CANCELLED, CLAIMED, DONE, EXPIRED, OPEN, Task
from streams import task_pruning
from streams.task_board import TaskBoard
from streams.task_pruning import ended_before, forget
from tests.fixtures.api import a_task
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records

pytestmark = pytest.mark.kafka


def key_of(task: Task) -> str:
    return f"{task.org_id}:{task.opportunity_id}:{task.id}"


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AgentBench:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path)
    for number, status in enumerate((OPEN, CLAIMED, DONE, EXPIRED, CANCELLED)):
        task = a_task(number)
        bench.produce("tasks", key_of(task), task)
        bench.produce("tasks", key_of(task), task.model_copy(update={"status": status, "revision": 2}))
    return bench


async def standing(bench: AgentBench) -> dict[str, str]:
    board = TaskBoard(bench.config, bench.records)
    await board.refresh()
    await board.close()
    return {task.id: task.status for task in board.tasks.values()}


async def test_what_ended_long_ago_goes_and_all_else_stays(bench: AgentBench) -> None:
    assert await ended_before(bench.config, bench.records, datetime.now(UTC) - timedelta(days=1)) == []
    later = datetime.now(UTC) + timedelta(days=1)
    found = await ended_before(bench.config, bench.records, later)
    assert sorted(message.key.decode()[-2:] for message in found) == ["t2", "t3", "t4"]
    gone = 0

    def done() -> None:
        nonlocal gone
        gone += 1

    forget(bench.config, found, done)
    assert gone == 3
    assert await standing(bench) == {"t0": OPEN, "t1": CLAIMED}
    assert await ended_before(bench.config, bench.records, later) == []
    forget(bench.config, found)  # typed again after half of it failed
    assert await standing(bench) == {"t0": OPEN, "t1": CLAIMED}


async def test_kafka_that_takes_nothing_is_told(bench: AgentBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_pruning, "_FLUSH_S", 0.5)
    found = await ended_before(bench.config, bench.records, datetime.now(UTC) + timedelta(days=1))
    away = bench.config.model_copy(update={"topic_prefix": "nobody."})
    with pytest.raises(UnavailableError, match="3 tasks were not taken out"):
        forget(away, found)

"""Definitions as a process sees them, on a real Kafka: what was written is known to whoever asks after it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from connectors.kafka.config import KafkaConfig
from processors.applying import plan
from processors.catalogue import Catalogue, control_key, control_record
from processors.lint_library import library
from processors.yaml_documents import parse
from schemas.definition.documents import Workflow
from schemas.run_event import RunEvent
from schemas.stage import StageEntry
from streams.agents.workflow import workflow
from streams.catalogue import LiveCatalogue
from streams.control import write
from streams.records import Records
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records

pytestmark = pytest.mark.kafka
AT = datetime(2026, 9, 15, tzinfo=UTC)
ORG = "00D5g000004ZpXyEAK"
QUEUE = '{"kind": "queue", "name": "%s", "members": [{"name": "A", "email": "a@x.example"}]}'


async def told(config: KafkaConfig, records: Records, name: str) -> None:
    record = control_record("queue", name, 0, QUEUE % name, at=AT, actor="test")
    await asyncio.to_thread(write, config, records, [record])


async def test_what_was_written_before_is_known_to_everybody_who_asks_after(kafka: str) -> None:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    records = await known_records(config)
    live = LiveCatalogue(config, records)
    await live.start()
    try:
        for number in range(10):
            asking = [asyncio.create_task(live.refreshed()) for _ in range(3)]
            await told(config, records, f"q{number}")
            await asyncio.gather(*(live.refreshed() for _ in range(20)))
            assert f"q{number}" in live.now.queues
            await asyncio.gather(*asking)
        assert sorted(live.now.queues) == [f"q{number}" for number in range(10)]
    finally:
        await live.stop()


WORKFLOW = """
kind: workflow
name: w%d
status: active
trigger: {stages: [Closed Won]}
steps: [{id: done, type: end}]
"""


async def test_a_stage_entry_starts_what_was_put_in_force_before_it(kafka: str, tmp_path: Path) -> None:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path)
    started: list[tuple[str, str]] = []
    async with bench.running(workflow):
        for number in range(1, 6):
            placed = parse(WORKFLOW % number, "w.yaml")
            workflows = [each.document for each in placed if isinstance(each.document, Workflow)]
            for step in plan(workflows, library(placed), Catalogue(), at=AT, actor="test"):
                for record in step.records:
                    bench.produce("control", control_key(record), record)
            deal = f"006{number:015d}"
            entry = StageEntry(
                id=deal, org_id=ORG, opportunity_id=deal, stage="Closed Won", entered_at=datetime.now(UTC)
            )
            bench.produce("opportunity.stages", f"{ORG}:{deal}", entry)
            expected = sum(range(number + 1))
            # Two events tell of each: that it began, and that its deal is being read.
            events = await bench.read("workflow.events", 2 * expected)
            started = [(each.opportunity_id, each.workflow_id) for each in events
                       if isinstance(each, RunEvent) and each.kind == "run.started"]  # fmt: skip
            assert [name for of, name in started if of == deal] == [f"w{one}" for one in range(1, number + 1)]

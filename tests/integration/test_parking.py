"""On a real Kafka: a key waits behind what was set aside, over restarts, until it is dealt with."""

import io
import json
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import fastavro
import pytest

from connectors.kafka.registry import MemoryRegistry
from processors.dead_letters import Filter, redrive
from schemas.change import Change
from schemas.contracts import contract
from schemas.stage import StageEntry
from streams.agents.transitions import transitions
from streams.letters import board
from streams.redrive_rounds import in_rounds
from tests.fixtures.agents import ORG
from tests.fixtures.dead_letters import discarded, operator, sent_back
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records

pytestmark = pytest.mark.kafka

CHANGES = "salesforce.changes"
NEVER_READABLE = b"\0\0\0\x27\x0fof a schema that nobody registered"
START = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)
STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation", "Closed Won")


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AgentBench:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    return AgentBench(config, await known_records(config), tmp_path)


def key_of(deal: int) -> str:
    return f"{ORG}:0060000000000{deal:02}AAA"


def moved(deal: int, number: int) -> Change:
    at = START + timedelta(minutes=number)
    return Change(
        id=f"change-{deal}-{number}",
        org_id=ORG,
        entity="Opportunity",
        record_id=key_of(deal).removeprefix(f"{ORG}:"),
        change_type="UPDATE",
        changed_fields=("StageName", "LastStageChangeDate"),
        commit_time=at,
        body=json.dumps({"StageName": STAGES[number], "LastStageChangeDate": at.isoformat()}).encode(),
    )


def as_an_older_release(change: Change, schema_id: int) -> tuple[bytes, str]:
    """Give the bytes of a release whose contract lacked a field of today's, and that contract."""
    schema = json.loads(contract(Change))
    schema["fields"] = [field for field in schema["fields"] if field["name"] != "records_in_event"]
    out = io.BytesIO()
    out.write(struct.pack(">bI", 0, schema_id))
    fastavro.schemaless_writer(out, fastavro.parse_schema(dict(schema)), change.model_dump())
    return out.getvalue(), json.dumps(schema)


def told(entries: list[object]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in entries:
        assert isinstance(entry, StageEntry)
        found.setdefault(f"{entry.org_id}:{entry.opportunity_id}", []).append(entry.stage)
    return found


async def test_a_deal_waits_while_a_change_of_it_lies_aside_and_is_told_in_order_after(
    bench: AgentBench,
) -> None:
    registry = bench.records._registry
    assert isinstance(registry, MemoryRegistry)
    next_id = len(registry._ids) + 1
    older, schema = as_an_older_release(moved(1, 1), next_id)

    bench.produce(CHANGES, key_of(1), moved(1, 0), older, moved(1, 2))
    bench.produce(CHANGES, key_of(2), moved(2, 0), moved(2, 1))
    async with bench.running(transitions):
        assert len(await bench.read_raw("dead-letters", 2)) == 2
        before = await bench.read("opportunity.stages", 3)
    assert told(list(before)) == {
        key_of(1): ["Prospecting"],
        key_of(2): ["Prospecting", "Qualification"],
    }

    bench.produce(CHANGES, key_of(1), moved(1, 3))
    async with bench.running(transitions):  # another worker, which must read what the first set aside
        assert len(await bench.read_raw("dead-letters", 3)) == 3
        assert len(await bench.read("opportunity.stages", 4, within_s=1)) == 3

        # What was unknown to the registry is registered; the letter's bytes stay those of the older release.
        assert await registry.register("older", schema) == next_id
        letters = board(bench.config).in_order()
        assert [letter.error for letter in letters] == ["UnknownSchemaError", "ParkedError", "ParkedError"]
        plan = redrive(
            letters, Filter(ids=frozenset({letters[0].id})).means, topics={letters[0].origin.topic}
        )
        assert len(plan.letters) == 3
        await sent_back(bench.config, plan.letters)
        bench.produce(CHANGES, key_of(1), moved(1, 4))
        after = await bench.read("opportunity.stages", 7)
        assert told(list(after))[key_of(1)] == list(STAGES)
    assert board(bench.config).in_order() == []


async def test_what_comes_while_letters_go_back_goes_after_them(bench: AgentBench) -> None:
    registry = bench.records._registry
    assert isinstance(registry, MemoryRegistry)
    older, schema = as_an_older_release(moved(1, 0), len(registry._ids) + 1)
    bench.produce(CHANGES, key_of(1), older, moved(1, 1))
    bench.produce(CHANGES, key_of(2), NEVER_READABLE, moved(2, 0))
    async with bench.running(transitions):
        await bench.read_raw("dead-letters", 4)
        letters = board(bench.config).in_order()
        await registry.register("older", schema)
        bench.produce(CHANGES, key_of(1), moved(1, 2), moved(1, 3))  # lie before what is sent back
        async with operator(bench.config) as ann:
            outcome = await in_rounds(
                bench.config, ann, letters, topics={letters[0].origin.topic}, wait_seconds=30
            )
        bench.produce(CHANGES, key_of(1), moved(1, 4))
        assert told(list(await bench.read("opportunity.stages", 5))) == {key_of(1): list(STAGES)}
    assert (outcome.redriven, outcome.came_meanwhile, outcome.taken) == (4, 2, True)
    assert [(letter.redrives, letter.key.decode()) for letter in outcome.failed_again] == [(1, key_of(2))]
    assert [letter.parked for letter in board(bench.config).in_order()] == [False, True]


async def test_a_deal_goes_on_when_what_it_waits_for_was_discarded(bench: AgentBench) -> None:
    bench.produce(CHANGES, key_of(1), NEVER_READABLE)
    async with bench.running(transitions):
        assert len(await bench.read_raw("dead-letters", 1)) == 1
        await discarded(bench.config, board(bench.config).in_order())
    bench.produce(CHANGES, key_of(1), moved(1, 0))
    async with bench.running(transitions):
        assert told(list(await bench.read("opportunity.stages", 1))) == {key_of(1): ["Prospecting"]}

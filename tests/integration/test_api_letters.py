"""Dead letters over HTTP, on a real Kafka: looked at, sent back in order, discarded, audited."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from schemas.audit import AuditRecord
from tests.fixtures.dead_letters import INBOX, lying_in, numbers, set_aside
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records
from tests.fixtures.served_api import served, until

pytestmark = pytest.mark.kafka

LETTERS = "/v1/dead-letters"


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AgentBench:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    return AgentBench(config, await known_records(config), tmp_path)


@pytest.fixture
async def asked(
    bench: AgentBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    async with served(bench, tmp_path, monkeypatch) as client:
        yield client


async def test_letters_are_sent_back_and_discarded(bench: AgentBench, asked: httpx.AsyncClient) -> None:
    await asyncio.to_thread(set_aside, bench.config, 60, keys=3)
    page = (await asked.get(LETTERS, params={"key": "key-1", "limit": 5})).json()
    assert len(page["letters"]) == 5
    assert page["after"] is not None
    shown = (await asked.get(f"{LETTERS}/{page['letters'][0]['id']}")).json()
    assert shown["begins"].startswith("31 20")
    assert "magic byte" in shown["unreadable"]

    redrive = {"command": "redrive", "which": {"key": "key-1"}, "wait": 0}
    begun = await asked.post("/v1/dead-letter-work", json=redrive)
    assert (begun.status_code, begun.json()["count"]) == (202, 20)
    place = begun.headers["location"]
    told = (await until(asked, place, lambda answer: answer.json()["state"] != "under way")).json()
    assert (told["state"], told["done"], told["came"]["redriven"]) == ("done", 20, 20)
    assert numbers(await lying_in(bench.config, INBOX)) == {b"key-1": list(range(1, 60, 3))}

    discard = {"command": "discard", "which": {"all": True}, "reason": "test deals"}
    begun = await asked.post("/v1/dead-letter-work", json=discard)
    await until(asked, begun.headers["location"], lambda answer: answer.json()["state"] == "done")
    assert (await asked.get(LETTERS)).json() == {"letters": [], "after": None}
    dealt = (await asked.get(LETTERS, params={"dealt_with": True, "limit": 500})).json()["letters"]
    assert sorted(each["dealt_with"] for each in dealt) == ["discarded"] * 40 + ["redriven"] * 20
    assert {each["by"] for each in dealt} == {"ann@x.example"}
    audits = [each for each in await bench.read("audit", 4) if isinstance(each, AuditRecord)]
    assert [(each.action, each.outcome) for each in audits] == [
        ("dead-letter.redrive", "asked"),
        ("dead-letter.redrive", "done"),
        ("dead-letter.discard", "asked"),
        ("dead-letter.discard", "done"),
    ]

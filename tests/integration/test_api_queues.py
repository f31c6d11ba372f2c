"""Queues over HTTP, on a real Kafka: somebody is paused and comes back; and the audit of it, page by page."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from processors.catalogue import control_key, control_record
from tests.fixtures.memory_queues import a_queue
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records
from tests.fixtures.served_api import served, until

pytestmark = pytest.mark.kafka


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AgentBench:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path)
    record = control_record(
        "queue", "takers", 0, a_queue().model_dump_json(), at=datetime.now(UTC), actor="ann"
    )
    bench.produce("control", control_key(record), record)
    return bench


@pytest.fixture
async def asked(
    bench: AgentBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    async with served(bench, tmp_path, monkeypatch) as client:
        yield client


async def test_somebody_is_paused_and_comes_back(asked: httpx.AsyncClient) -> None:
    def away(answer: httpx.Response) -> str | None:
        until: str | None = answer.json()["members"][0]["away_until"]
        return until

    path, ada = "/v1/queues/takers", {"email": "ada@x.example"}
    shown = await asked.get(path)
    assert (away(shown), shown.json()["orgs"]) == (None, [])
    paused = await asked.post("/v1/absences", json={"command": "pause", **ada, "reason": "on leave"})
    assert paused.json() == {"changed": True, "queues": ["takers"]}
    await until(asked, path, lambda answer: away(answer) == "9999-12-31")
    again = await asked.post("/v1/absences", json={"command": "pause", **ada, "reason": "on leave"})
    assert not again.json()["changed"]
    assert (await asked.post("/v1/absences", json={"command": "resume", **ada})).json()["changed"]
    await until(asked, path, lambda answer: away(answer) is None)
    nobody = await asked.post("/v1/absences", json={"command": "pause", "email": "nobody@x.example"})
    assert nobody.status_code == 409

    told, after = [], ""
    while after is not None:
        page = (await asked.get("/v1/audit", params={"limit": 3, "after": after})).json()
        assert len(page["records"]) <= 3
        told += [(each["action"], each["on"], each["outcome"]) for each in page["records"]]
        after = page["after"]
    ada_did = [("absence.pause", "asked"), ("absence.pause", "done")] * 2
    ada_did += [("absence.resume", "asked"), ("absence.resume", "done")]
    assert [(action, outcome) for action, on, outcome in told if on == ada["email"]] == ada_did
    assert len(told) == 8
    only = {"outcome": "refused", "since": datetime.now(UTC).replace(microsecond=0, year=2020).isoformat()}
    (refused,) = (await asked.get("/v1/audit", params=only)).json()["records"]
    assert (refused["on"], refused["actor"]) == ("nobody@x.example", "ann@x.example")
    assert (await asked.get("/v1/audit", params={"since": "2099-01-01T00:00:00Z"})).json()["records"] == []

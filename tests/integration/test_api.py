"""The HTTP API on its port, over a real Kafka: an approval that is said there completes its run."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from connectors.history.config import HistoryConfig
from connectors.salesforce.memory import MemoryDealLookup
from processors.applying import plan
from processors.catalogue import Catalogue, control_key
from processors.lint_library import library
from processors.sample import DEAL
from processors.yaml_documents import parse
from schemas.audit import AuditRecord
from schemas.definition.documents import Workflow
from schemas.ids import stage_entry_id
from schemas.run_event import RunEvent
from schemas.stage import StageEntry
from streams.agents.enrich import enrich
from streams.agents.workflow import workflow
from streams.history.reading import history_of
from streams.settings import Settings
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records
from tests.fixtures.served_api import served, until

pytestmark = pytest.mark.kafka

GATE = """
kind: workflow
name: gate
status: active
trigger: {stages: [Closed Won]}
steps:
  - {id: one, type: approval, to: [ann@x.example], title: One, rejected: 'no'}
  - {id: "yes", type: end, outcome: ready}
  - {id: "no", type: end, outcome: rejected}
"""


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AgentBench:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path)
    bench.lookups = {DEAL.org_id: MemoryDealLookup(DEAL.org_id, [DEAL])}
    placed = parse(GATE, "gate.yaml")
    workflows = [each.document for each in placed if isinstance(each.document, Workflow)]
    since = datetime.now(UTC) - timedelta(minutes=1)
    for applied in plan(workflows, library(placed), Catalogue(), at=since, actor="test"):
        for record in applied.records:
            bench.produce("control", control_key(record), record)
    return bench


@pytest.fixture
async def asked(
    bench: AgentBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    async with served(bench, tmp_path, monkeypatch) as client:
        yield client


def won() -> StageEntry:
    moment = datetime.now(UTC)
    return StageEntry(
        id=stage_entry_id(DEAL.org_id, DEAL.opportunity_id, "Closed Won", moment),
        org_id=DEAL.org_id,
        opportunity_id=DEAL.opportunity_id,
        stage="Closed Won",
        entered_at=moment,
    )


async def heard(client: httpx.AsyncClient, listening: asyncio.Event) -> list[str]:
    """Give the kinds of events until the run is completed."""
    kinds = []
    async with client.stream("GET", "/v1/events", params={"workflow": "gate"}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            listening.set()
            if line.startswith("data: "):
                kinds.append(json.loads(line.removeprefix("data: "))["kind"])
                if kinds[-1] == "run.completed":
                    return kinds
    return kinds


async def test_an_approval_over_http_completes_the_run(bench: AgentBench, asked: httpx.AsyncClient) -> None:
    listening = asyncio.Event()
    async with bench.running(workflow, enrich):
        hearing = asyncio.create_task(heard(asked, listening))
        await listening.wait()
        bench.produce("opportunity.stages", f"{DEAL.org_id}:{DEAL.opportunity_id}", won())
        answer = await until(asked, "/v1/tasks", lambda answer: answer.json()["tasks"])
        (task,) = answer.json()["tasks"]
        shown = await asked.get(f"/v1/tasks/{task['id']}")
        said: dict[str, Any] = {
            "url": f"/v1/tasks/{task['id']}/commands",
            "json": {"command": "approve", "reason": "fine"},
            "headers": {"If-Match": shown.headers["etag"], "Idempotency-Key": "once"},
        }
        done = await asked.post(**said)
        assert (done.status_code, done.json()["event"]["kind"]) == (200, "task.answered")
        async with asyncio.timeout(30):
            kinds = await hearing
        late = await asked.post(**{**said, "headers": {}})
        seen = await asked.post(**{**said, "headers": {"If-Match": shown.headers["etag"]}})
    assert kinds[-1] == "run.completed"
    assert {"task.opened", "task.answered"} <= set(kinds)
    assert (late.status_code, late.json()["detail"][:18]) == (409, "the task has ended")
    assert seen.status_code == 412
    events = [each for each in await bench.read("workflow.events", len(kinds)) if isinstance(each, RunEvent)]
    completed = next(each for each in events if each.kind == "run.completed")
    assert (completed.outcome, completed.run_id) == ("ready", task["run_id"])
    audits = [each for each in await bench.read("audit", 4) if isinstance(each, AuditRecord)]
    assert [each.outcome for each in audits] == ["asked", "done", "asked", "refused"]
    assert {(each.actor, each.vouched, each.on) for each in audits} == {
        ("ann@x.example", "token:ann", task["id"])
    }
    assert (await asked.get("/v1/workflows/gate")).json()["active"] == 1
    assert (await asked.get("/v1/runs")).json() == {"runs": [], "after": None}


async def test_a_run_is_put_right_over_http(
    bench: AgentBench, asked: httpx.AsyncClient, tmp_path: Path
) -> None:
    async with bench.running(workflow, enrich):
        bench.produce("opportunity.stages", f"{DEAL.org_id}:{DEAL.opportunity_id}", won())
        (task,) = (await until(asked, "/v1/tasks", lambda answer: answer.json()["tasks"])).json()["tasks"]
        told = [each for each in await bench.read("workflow.events", 3) if isinstance(each, RunEvent)]
        history = history_of(
            Settings(history=HistoryConfig(url=f"sqlite+aiosqlite:///{tmp_path}/history.db"))
        )
        await history.append(told, [], at=datetime.now(UTC))
        await history.close()
        (run,) = (await asked.get("/v1/runs")).json()["runs"]
        assert run["run_id"] == task["run_id"]
        path = f"/v1/runs/{run['run_id']}/commands"
        given = await asked.post(path, json={"command": "reassign", "to": "bob@mail.example.com"})
        assert given.status_code == 409  # there is no account yet
        ended = await asked.post(path, json={"command": "cancel", "reason": "by mistake"})
    assert (ended.status_code, ended.json()["event"]["kind"]) == (200, "run.cancelled")
    audits = [each for each in await bench.read("audit", 4) if isinstance(each, AuditRecord)]
    assert [(each.action, each.outcome) for each in audits] == [
        ("run.reassign", "asked"),
        ("run.reassign", "refused"),
        ("run.cancel", "asked"),
        ("run.cancel", "done"),
    ]

"""Accounts over HTTP, on a real Kafka with a worker: two become one and two again, audited."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from schemas.account import UpsertAccount
from schemas.audit import AuditRecord
from streams.agents.accounts import accounts
from tests.fixtures.accounts import ORG, an_account
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records
from tests.fixtures.served_api import served, until

pytestmark = pytest.mark.kafka

ONE = an_account(1, name="One", website="acme.test", industry="Steel")
TWO = an_account(2, name="Two", website="www.acme.test")


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AsyncIterator[AgentBench]:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path)
    async with bench.running(accounts):
        for account in (ONE, TWO):
            upsert = UpsertAccount(id=f"u-{account.id}", org_id=ORG, account=account)
            bench.produce("accounts.commands", account.key, upsert)
        assert len(await bench.read("accounts", 2)) == 2
        yield bench


@pytest.fixture
async def asked(
    bench: AgentBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    async with served(bench, tmp_path, monkeypatch) as client:
        yield client


async def test_two_become_one_and_two_again(bench: AgentBench, asked: httpx.AsyncClient) -> None:
    listed = (await asked.get("/v1/accounts")).json()["accounts"]
    assert [each["name"] for each in listed] == ["One", "Two"]
    ((group),) = (await asked.get("/v1/account-duplicates")).json()["groups"]
    assert group["by"] == ["domain"]
    shown = await asked.get(f"/v1/accounts/{ONE.id}")
    merge: dict[str, Any] = {
        "url": f"/v1/accounts/{ONE.key}/commands",
        "json": {"command": "merge", "into": TWO.key, "reason": "the same"},
        "headers": {"If-Match": shown.headers["etag"], "Idempotency-Key": "once"},
    }
    first = await asked.post(**merge)
    assert first.status_code in (200, 202)
    merged = await until(asked, f"/v1/accounts/{ONE.key}", lambda answer: answer.json()["merged_into"])
    assert merged.json()["merged_into"] == TWO.id
    two = await until(asked, f"/v1/accounts/{TWO.key}", lambda answer: answer.json()["aliases"])
    assert (two.json()["aliases"], two.json()["industry"]) == ([ONE.key], "Steel")
    again = await asked.post(**merge)
    assert (again.status_code, again.json()["command_id"]) == (200, first.json()["command_id"])

    apart = {"command": "unmerge"}
    assert (await asked.post(merge["url"], json=apart)).status_code in (200, 202)
    await until(asked, f"/v1/accounts/{ONE.key}", lambda answer: not answer.json()["merged_into"])
    never = await asked.post(f"/v1/accounts/{TWO.key}/commands", json=apart)
    assert (never.status_code, never.json()["detail"]) == (409, "it is not merged")
    audits = [each for each in await bench.read("audit", 8) if isinstance(each, AuditRecord)]
    assert {each.actor for each in audits} == {"ann@x.example"}
    told = [(each.action, each.outcome) for each in audits if each.on == ONE.key]
    assert [action for action, _ in told] == ["account.merge"] * 4 + ["account.unmerge"] * 2
    assert [each.outcome for each in audits if each.on == TWO.key] == ["asked", "refused"]

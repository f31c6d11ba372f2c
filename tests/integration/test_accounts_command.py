"""`dealwire accounts` on a real Kafka with a worker: what a person types, and what they see."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from schemas.account import Account, UpsertAccount
from schemas.errors import ExitCode, RefusedError, UsageError
from streams.agents.accounts import accounts
from streams.cli import accounts as command
from tests.fixtures.accounts import ORG, an_account
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records

pytestmark = pytest.mark.kafka

ONE = an_account(1, name="One", website="acme.test", industry="Steel")
TWO = an_account(2, name="Two", company_name="Acme", website="www.acme.test", size=7)
OTHER = an_account(3, name="Other", company_name="Somebody [bold]else[/]")


@pytest.fixture
async def bench(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AgentBench]:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path)
    monkeypatch.setattr(command, "_connected", lambda: (bench.settings, bench.records))
    async with bench.running(accounts):
        for account in (ONE, TWO, OTHER):
            upsert = UpsertAccount(id=f"u-{account.id}", org_id=ORG, account=account)
            bench.produce("accounts.commands", account.key, upsert)
        assert len(await bench.read("accounts", 3)) == 3
        yield bench


async def typed(*words: str, answers: str = "") -> Any:
    return await asyncio.to_thread(
        CliRunner(env={"COLUMNS": "250"}).invoke, command.app, list(words), input=answers
    )


async def told(*words: str) -> Any:
    done = await typed(*words, "--json")
    assert done.exit_code == 0, done.output
    found = re.search(
        r"^[\[{].*", done.stdout, re.MULTILINE | re.DOTALL
    )  # the worker logs into the same place
    assert found is not None, done.output
    return json.loads(found[0])


@pytest.mark.usefixtures("bench")
async def test_what_is_there_is_listed_shown_and_grouped() -> None:
    assert {each["name"] for each in await told("list")} == {"One", "Two", "Other"}
    assert [each["name"] for each in await told("list", "--name", "ACME")] == ["Two"]
    assert await told("list", "--merged") == []
    assert await told("show", ONE.opportunity_id) == ONE.model_dump(mode="json")
    ((group),) = await told("duplicates")
    assert [each["name"] for each in group["accounts"]] == ["Two", "One"]
    assert (group["by"], group["score"]) == (["domain"], 0.95)
    seen = await typed("duplicates")
    assert f"dealwire accounts merge {ONE.key} --into {TWO.key} --dry-run" in seen.output.replace("\n", "")
    assert "[bold]else[/]" in (await typed("list")).output
    missing = await typed("show", "nobody at all")
    assert isinstance(missing.exception, UsageError)


async def test_two_become_one_and_two_again(bench: AgentBench) -> None:
    dry = await told("merge", ONE.id, "--into", TWO.id, "--dry-run")
    assert (dry["after"]["name"], dry["after"]["industry"], dry["after"]["size"]) == ("Two", "Steel", 7)
    declined = await typed("merge", ONE.id, "--into", TWO.id, answers="n\n")
    assert declined.exit_code == ExitCode.INCOMPLETE
    assert (await bench.accounts.get(ONE.key)) == ONE

    done = await typed("merge", ONE.id[:8], "--into", TWO.opportunity_id, "--reason", "same", answers="y\n")
    assert done.exit_code == 0, done.output
    assert "They are one account now." in done.output
    assert [each["name"] for each in await told("list", "--merged")] == ["One"]
    now = Account.model_validate(await told("show", TWO.key))
    assert (now.aliases, now.industry, now.revision) == ((ONE.key,), "Steel", 2)
    assert "merged into Two" in (await typed("show", ONE.key)).output
    assert await told("duplicates") == []

    again = await told("merge", ONE.key, "--into", TWO.key, "--yes")
    assert again["outcome"] == "done"
    refused = await typed("merge", TWO.key, "--into", OTHER.key, "--yes")
    assert isinstance(refused.exception, RefusedError)
    assert isinstance((await typed("unmerge", TWO.key, "--yes")).exception, UsageError)

    apart = await told("unmerge", ONE.key, "--yes")
    assert (apart["outcome"], apart["reason"]) == ("done", "")
    assert Account.model_validate(await told("show", TWO.key)).industry is None
    never = await typed("unmerge", OTHER.key, "--yes")
    assert isinstance(never.exception, RefusedError)
    assert "it is not merged" in str(never.exception)

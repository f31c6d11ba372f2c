"""Merges on a real Kafka: both halves, over a restart and a failing sink; lookups and later runs follow."""

import json
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from connectors.accounts.memory import MemoryAccountSink
from connectors.ports import Upserted
from schemas.account import Account, AccountEvent, Csm, FindAccounts, UpsertAccount
from schemas.account_merge import MERGE, UNMERGE, MergeAccounts
from schemas.base import Record
from schemas.errors import UnavailableError
from schemas.inbox import InboxRecord
from streams.agents.accounts import accounts
from tests.fixtures.accounts import ORG, an_account
from tests.fixtures.running import AgentBench, create_topics, kafka_config, known_records

pytestmark = pytest.mark.kafka

ONE, TWO = an_account(1, website="acme.test"), an_account(2, company_name="Acme")


@pytest.fixture
async def bench(kafka: str, tmp_path: Path) -> AgentBench:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    bench = AgentBench(config, await known_records(config), tmp_path)
    for account in (ONE, TWO):
        await bench.accounts.upsert(account, idempotency_key=account.id)
    return bench


def asked(kind: str, name: str = "") -> MergeAccounts:
    return MergeAccounts(
        id=name or kind, org_id=ORG, kind=kind, source_key=ONE.key,
        target_key=TWO.key if kind == MERGE else "", actor="ann", reason="the same customer",
    )  # fmt: skip


def upsert(account: Account, revision: int, **fields: object) -> UpsertAccount:
    return UpsertAccount(
        id=f"upsert-{account.key}-{revision}", org_id=ORG, opportunity_id=account.opportunity_id,
        run_id="run", step_id="step",
        account=account.model_copy(update={"revision": revision, **fields}),
    )  # fmt: skip


async def held(bench: AgentBench) -> tuple[Account, Account]:
    one, two = await bench.accounts.get(ONE.key), await bench.accounts.get(TWO.key)
    assert one is not None
    assert two is not None
    return one, two


def told(records: Sequence[Record]) -> list[tuple[str, str, int]]:
    facts = [record for record in records if isinstance(record, AccountEvent)]
    return sorted((fact.account_key, fact.kind, fact.revision) for fact in facts)


async def test_a_merge_survives_a_restart_is_followed_and_undone(bench: AgentBench) -> None:
    bench.produce("accounts.merges", ONE.key, asked(MERGE))
    async with bench.running(accounts):
        facts = await bench.read("accounts.events", 2)
    one, two = await held(bench)
    assert (one.merged_into, two.aliases, two.website) == (TWO.id, (ONE.key,), "acme.test")
    assert told(facts) == [(ONE.key, "account.merged", 2), (TWO.key, "account.updated", 2)]
    merged = next(fact for fact in facts if isinstance(fact, AccountEvent) and fact.account_key == ONE.key)
    assert (merged.other_key, merged.actor, merged.reason) == (TWO.key, "ann", "the same customer")

    find = FindAccounts(
        id="find", org_id=ORG, opportunity_id="o", account=an_account(3, website="www.acme.test")
    )
    bench.produce("accounts.commands", ONE.key, upsert(ONE, 2, csm=Csm(name="Bob")))
    async with bench.running(accounts):
        (followed,) = await bench.read("workflow.inbox", 1)
        bench.produce("accounts.lookups", an_account(3).key, find)
        results = await bench.read("workflow.inbox", 2)
    assert isinstance(followed, InboxRecord)
    assert followed.outcome == "succeeded"
    assert (followed.command_id, followed.step_id) == (f"upsert-{ONE.key}-2", "step")
    assert followed.output == {"account_id": TWO.id, "account_key": TWO.key, "revision": "3"}
    assert await held(bench) == (one, (await held(bench))[1])
    assert (await held(bench))[1].csm == Csm(name="Bob")
    found = next(one for one in results if isinstance(one, InboxRecord) and one.command_id == "find")
    assert [match["key"] for match in json.loads(found.output["matches"])] == [TWO.key]

    bench.produce("accounts.merges", ONE.key, asked(UNMERGE))
    async with bench.running(accounts):
        facts = await bench.read("accounts.events", 5)
    one, two = await held(bench)
    assert (one.merged_into, one.csm, one.revision) == ("", Csm(name="Bob"), 4)
    assert (two.aliases, two.csm, two.website, two.revision) == ((), None, None, 4)
    assert told(facts)[2:] == [
        (TWO.key, "account.updated", 2),
        (TWO.key, "account.updated", 3),
        (TWO.key, "account.updated", 4),
    ]
    published = [record for record in await bench.read("accounts", 5) if isinstance(record, Account)]
    assert {account.key: account for account in published} == {ONE.key: one, TWO.key: two}


async def test_what_cannot_be_is_refused_in_public_with_its_reason(bench: AgentBench) -> None:
    nobody = an_account(9).key
    missing = asked(MERGE, "missing").model_copy(update={"target_key": nobody})
    unknown = asked(MERGE, "unknown").model_copy(update={"source_key": nobody})
    bench.produce("accounts.merges", ONE.key, missing, asked(UNMERGE))
    bench.produce("accounts.merges", nobody, unknown)
    bench.produce("accounts.merges", TWO.key, asked(MERGE, "misplaced"))
    async with bench.running(accounts):
        facts = await bench.read("accounts.events", 3)
        ((key, _, _),) = await bench.read_raw("dead-letters", 1)
    said = {fact.command_id: (fact.kind, fact.reason) for fact in facts if isinstance(fact, AccountEvent)}
    assert said == {
        "missing": ("account.merge_refused", "the account to merge into does not exist"),
        "unknown": ("account.merge_refused", "there is no such account"),
        "unmerge": ("account.merge_refused", "it is not merged"),
    }
    assert key == TWO.key.encode()
    assert await held(bench) == (ONE, TWO)


async def test_two_runs_write_one_account_and_neither_hides_the_other(bench: AgentBench) -> None:
    joining = TWO.model_copy(update={"revision": 2, "csm": Csm(name="Bob")})
    joined = UpsertAccount(
        id="joined", org_id=ORG, opportunity_id="another deal", run_id="other run", account=joining
    )
    bench.produce("accounts.commands", TWO.key, joined, upsert(TWO, 2, csm=Csm(name="Ann"), industry="Steel"))
    async with bench.running(accounts):
        results = await bench.read("workflow.inbox", 2)
        facts = await bench.read("accounts.events", 2)
    assert {(one.run_id, one.outcome) for one in results if isinstance(one, InboxRecord)} == {
        ("other run", "succeeded"), ("run", "succeeded"),
    }  # fmt: skip
    assert told(facts) == [(TWO.key, "account.updated", 2), (TWO.key, "account.updated", 3)]
    _, two = await held(bench)
    assert (two.csm, two.industry, two.revision) == (Csm(name="Bob"), "Steel", 3)


class Failing(MemoryAccountSink):
    """Fails the next upserts of some keys."""

    def __init__(self) -> None:
        super().__init__()
        self.fails: list[str] = []

    async def upsert(self, account: Account, *, idempotency_key: str) -> Upserted:
        if account.key in self.fails:
            self.fails.remove(account.key)
            raise UnavailableError("down")
        return await super().upsert(account, idempotency_key=idempotency_key)


@pytest.mark.parametrize("half", [ONE.key, TWO.key])
async def test_a_half_that_failed_is_told_and_made_good_by_asking_again(bench: AgentBench, half: str) -> None:
    sink = Failing()
    for account in (ONE, TWO):
        await sink.upsert(account, idempotency_key=account.id)
    bench.accounts, sink.fails = sink, [half]
    bench.produce("accounts.merges", ONE.key, asked(MERGE, "first"))
    async with bench.running(accounts):
        count = 1 if half == ONE.key else 2
        facts = await bench.read("accounts.events", count)
        failed = next(fact for fact in facts if isinstance(fact, AccountEvent) and fact.account_key == half)
        assert (failed.kind, failed.command_id) == ("account.merge_failed", "first")
        assert "down" in failed.reason
        bench.produce("accounts.merges", ONE.key, asked(MERGE, "second"))
        await bench.read("accounts.events", count + 2)
    one, two = await held(bench)
    assert (one.merged_into, two.aliases, two.website) == (TWO.id, (ONE.key,), "acme.test")
    assert (one.revision, two.revision) == (2, 2)


async def test_a_half_that_failed_is_made_good_by_the_next_that_follows(bench: AgentBench) -> None:
    sink = Failing()
    for account in (ONE, TWO):
        await sink.upsert(account, idempotency_key=account.id)
    bench.accounts, sink.fails = sink, [TWO.key, TWO.key]
    bench.produce("accounts.merges", ONE.key, asked(MERGE))
    async with bench.running(accounts):
        await bench.read("accounts.events", 2)
        bench.produce("accounts.commands", ONE.key, upsert(ONE, 2))
        (failed,) = await bench.read("workflow.inbox", 1)
        bench.produce("accounts.commands", ONE.key, upsert(ONE, 2).model_copy(update={"attempt": 2}))
        _, done = await bench.read("workflow.inbox", 2)
    assert isinstance(failed, InboxRecord)
    assert isinstance(done, InboxRecord)
    assert (failed.outcome, failed.retryable, failed.attempt) == ("failed", True, 1)
    assert (done.outcome, done.attempt) == ("succeeded", 2)
    _, two = await held(bench)
    assert (two.aliases, two.website) == ((ONE.key,), "acme.test")

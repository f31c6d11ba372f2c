"""Every account sink keeps the same promises: the twin, SQLite, a real PostgreSQL, a service over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from connectors.accounts.config import HttpAccountsConfig, SqlAccountsConfig
from connectors.accounts.http import HttpAccountSink
from connectors.accounts.memory import MemoryAccountSink
from connectors.accounts.sql import SqlAccountSink
from connectors.accounts.standin.server import AccountsStandIn
from connectors.ports import AccountSink, SystemClock
from schemas.account import Account, AppliedTemplate, ContactPoint, Csm
from schemas.deal import CustomValue
from schemas.ids import account_id
from streams.metrics import Metrics
from streams.resting_accounts import RestingAccounts
from streams.sink_rest import SinkRest
from tests.fixtures.accounts import an_account

SINKS = ["memory", "resting", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres), "http"]


@asynccontextmanager
async def opened(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[AccountSink]:
    if kind == "memory":
        yield MemoryAccountSink()
    elif kind == "resting":
        yield RestingAccounts(MemoryAccountSink(), SinkRest("accounts", SystemClock(), Metrics()))
    elif kind == "http":
        standin = AccountsStandIn()
        http = HttpAccountSink(HttpAccountsConfig(url=await standin.start()))
        yield http
        await http.close()
        await standin.stop()
    else:
        if kind == "sqlite":
            url = f"sqlite+aiosqlite:///{request.getfixturevalue('tmp_path')}/new/accounts.db"
        else:
            url = await request.getfixturevalue("postgres").create_database()
        sql = SqlAccountSink(SqlAccountsConfig(url=url))
        await sql.create_tables()
        yield sql
        await sql.close()


@pytest.fixture(params=SINKS)
async def sink(request: pytest.FixtureRequest) -> AsyncIterator[AccountSink]:
    async with opened(request.param, request) as sink:
        yield sink


async def test_holds_what_it_was_given(sink: AccountSink) -> None:
    account = an_account()
    upserted = await sink.upsert(account, idempotency_key="c1")
    assert (upserted.account, upserted.created) == (account, True)
    assert await sink.get(account.key) == account


async def test_gives_an_account_by_its_id_too(sink: AccountSink) -> None:
    await sink.upsert(an_account(1), idempotency_key="c1")
    assert await sink.by_id(an_account(1).id) == an_account(1)
    assert await sink.by_id(an_account(2).id) is None


async def test_knows_nothing_of_other_keys(sink: AccountSink) -> None:
    await sink.upsert(an_account(1), idempotency_key="c1")
    assert await sink.get(an_account(2).key) is None


async def test_the_same_command_twice_is_one_account_and_answers_the_same(sink: AccountSink) -> None:
    first = await sink.upsert(an_account(), idempotency_key="c1")
    assert await sink.upsert(an_account(), idempotency_key="c1") == first


async def test_a_higher_revision_replaces_and_is_no_creation(sink: AccountSink) -> None:
    await sink.upsert(an_account(revision=1, csm=Csm(name="Ann")), idempotency_key="c1")
    newer = an_account(revision=2, name="Acme two")
    upserted = await sink.upsert(newer, idempotency_key="c2")
    assert (upserted.account, upserted.created) == (newer, False)
    assert await sink.get(newer.key) == newer


@pytest.mark.parametrize("late", [1, 2, 3])
async def test_no_revision_replaces_an_equal_or_higher_one(sink: AccountSink, late: int) -> None:
    held = an_account(revision=3, name="three")
    await sink.upsert(held, idempotency_key="c3")
    upserted = await sink.upsert(an_account(revision=late, name="late"), idempotency_key="late")
    assert (upserted.account, upserted.created) == (held, False)
    assert await sink.get(held.key) == held


async def test_the_first_to_arrive_creates_whatever_its_revision(sink: AccountSink) -> None:
    assert (await sink.upsert(an_account(revision=5), idempotency_key="c5")).created


async def test_a_create_that_is_repeated_after_an_update_still_says_created(sink: AccountSink) -> None:
    await sink.upsert(an_account(revision=1), idempotency_key="c1")
    await sink.upsert(an_account(revision=2), idempotency_key="c2")
    assert (await sink.upsert(an_account(revision=1), idempotency_key="c1")).created


async def test_concurrent_writers_of_one_account_leave_the_highest_and_create_once(sink: AccountSink) -> None:
    revisions = list(range(1, 31))
    Random(7).shuffle(revisions)
    upserted = await asyncio.gather(
        *(sink.upsert(an_account(revision=number), idempotency_key=f"c{number}") for number in revisions)
    )
    assert sum(one.created for one in upserted) == 1
    held = await sink.get(an_account().key)
    assert held is not None
    assert held.revision == 30


async def test_concurrent_writers_of_many_accounts_do_not_mix_them_up(sink: AccountSink) -> None:
    accounts = [an_account(number, name=f"deal {number}") for number in range(150)]
    upserted = await asyncio.gather(
        *(sink.upsert(account, idempotency_key=account.id) for account in accounts)
    )
    assert [one.account for one in upserted] == accounts
    assert await sink.get(accounts[149].key) == accounts[149]


async def test_every_field_comes_back_as_it_was(sink: AccountSink) -> None:
    account = an_account(
        name="名前 'quoted\" \\ %s :x 🏢\n\tsecond line",
        salesforce_account_id="0015g00000AbCdEAAV",
        company_name="Ünïcode GmbH",
        arr=Decimal("12345678901234567890.1234"),
        currency="EUR",
        close_date=date(2026, 2, 28),
        ae_email="ae@seller.test",
        primary_contact=ContactPoint(name="Zoë", email="zoe@buyer.test", phone="+49 30 1", title="CTO"),
        website="https://buyer.test/?a=b&c",
        industry="Łódź",
        size=2_000_000_000,
        csm=Csm(name="Ann", email="ann@seller.test"),
        template=AppliedTemplate(name="onboarding", sections={"Goals": "x" * 20_000, "ключ": "значение"}),
        custom={"Term_Months__c": CustomValue(type="double", value="12.50"), "Empty__c": CustomValue()},
        updated_at=datetime(2026, 9, 14, 8, 30, 12, 345678, tzinfo=UTC),
        merged_into=account_id("other"),
        aliases=("one", "two:три"),
    )
    await sink.upsert(account, idempotency_key="c1")
    assert await sink.get(account.key) == account


@pytest.mark.parametrize(
    "amount", ["0", "0.0001", "-0.0001", "0.1", "120000.5", "99999999999999999999.9999", "1E+5"]
)
async def test_money_is_exact(sink: AccountSink, amount: str) -> None:
    account = an_account(arr=Decimal(amount), currency="JPY")
    await sink.upsert(account, idempotency_key="c1")
    held = await sink.get(account.key)
    assert held is not None
    assert held.arr == Decimal(amount)


async def test_keys_that_differ_in_case_alone_are_two_accounts(sink: AccountSink) -> None:
    keys = ["00D5g000004ZpXyEAK:006aAAAAAAAAAAAAAA", "00D5g000004ZpXyEAK:006AaAAAAAAAAAAAAA"]
    for key in keys:
        account = an_account().model_copy(update={"key": key, "id": account_id(key)})
        assert (await sink.upsert(account, idempotency_key=key)).created
    assert [held.key for key in keys if (held := await sink.get(key)) is not None] == keys


def a_customer(number: int, **fields: Any) -> Account:
    return an_account(number, **{"company_name": f"Customer {number}", **fields})


@pytest.mark.parametrize(
    "shared",
    [
        {"salesforce_account_id": "0015g00000AbCdEAAV"},
        {"website": "https://www.acme.test/de"},
        {"company_name": "ACME Holding, Inc."},
    ],
    ids=lambda shared: next(iter(shared)),
)
async def test_finds_those_that_may_be_the_same_customer(sink: AccountSink, shared: dict[str, Any]) -> None:
    like = {"salesforce_account_id": "0015g00000AbCdEAAV", "company_name": "Acme", "website": "acme.test"}
    held = a_customer(1, **{name: like[name] for name in shared})
    others = [
        a_customer(2, company_name="Other"),
        a_customer(3, website="https://other.test", company_name=None),
        held.model_copy(update={"id": account_id("k"), "key": "k", "org_id": "00D000000000002AAA"}),
    ]
    for account in (held, *others):
        await sink.upsert(account, idempotency_key=account.key)
    asked = an_account(9, **shared)
    assert list(await sink.candidates(asked, 10)) == [held]


async def test_an_account_is_no_candidate_of_itself(sink: AccountSink) -> None:
    account = a_customer(1, website="acme.test")
    await sink.upsert(account, idempotency_key="c1")
    assert list(await sink.candidates(account, 10)) == []


async def test_what_has_nothing_to_be_recognised_by_has_no_candidates(sink: AccountSink) -> None:
    await sink.upsert(an_account(1), idempotency_key="c1")
    assert list(await sink.candidates(an_account(2, website="gmail.com"), 10)) == []


async def test_gives_the_likeliest_first_and_no_more_than_asked_for(sink: AccountSink) -> None:
    same = "0015g00000AbCdEAAV"
    likeliest = [
        a_customer(8, salesforce_account_id=same),
        a_customer(7, website="acme.test"),
        a_customer(6, company_name="acme gmbh"),
        a_customer(5, company_name="Acme West"),
        a_customer(4, company_name="Acme Worldwide Holding"),
    ]
    for account in reversed(likeliest):
        await sink.upsert(account, idempotency_key=account.key)
    asked = an_account(9, salesforce_account_id=same, website="www.acme.test", company_name="Acme")
    assert list(await sink.candidates(asked, 10)) == likeliest
    assert list(await sink.candidates(asked, 2)) == likeliest[:2]


async def test_a_candidate_is_found_by_what_it_says_now(sink: AccountSink) -> None:
    await sink.upsert(a_customer(1, website="old.test"), idempotency_key="c1")
    now = a_customer(1, website="new.test", revision=2)
    await sink.upsert(now, idempotency_key="c2")
    assert list(await sink.candidates(an_account(9, website="old.test"), 10)) == []
    assert list(await sink.candidates(an_account(9, website="new.test"), 10)) == [now]


@pytest.mark.parametrize("name", ["'; DROP TABLE accounts --", "100%_\\", "株式会社トヨタ", "a&b=c#d/?"])
async def test_odd_names_are_looked_for_as_they_are(sink: AccountSink, name: str) -> None:
    held = a_customer(1, company_name=name)
    await sink.upsert(held, idempotency_key="c1")
    await sink.upsert(a_customer(2), idempotency_key="c2")
    assert list(await sink.candidates(an_account(9, company_name=name), 10)) == [held]

"""What a database may do to us, on SQLite and a real PostgreSQL."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from connectors.accounts.config import SqlAccountsConfig
from connectors.accounts.sql import SqlAccountSink
from connectors.accounts.sql_search import look_alikes
from connectors.accounts.tables import accounts
from schemas.account import Csm
from schemas.errors import ConfigurationError, RefusedError, UnavailableError
from tests.fixtures.accounts import an_account
from tests.fixtures.postgres import Postgres

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=DATABASES)
async def url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{request.getfixturevalue('tmp_path')}/accounts.db"
    created: str = await request.getfixturevalue("postgres").create_database()
    return created


@pytest.fixture
async def sink(url: str) -> AsyncIterator[SqlAccountSink]:
    sink = SqlAccountSink(SqlAccountsConfig(url=url, timeout_seconds=0.3))
    yield sink
    await sink.close()


async def test_many_processes_may_create_the_table_at_once(url: str) -> None:
    sinks = [SqlAccountSink(SqlAccountsConfig(url=url)) for _ in range(8)]
    await asyncio.gather(*(sink.create_tables() for sink in sinks))
    await sinks[0].upsert(an_account(), idempotency_key="c1")
    assert await sinks[7].get(an_account().key) == an_account()
    for sink in sinks:
        await sink.close()


async def test_two_workers_write_the_same_accounts_at_the_same_time(url: str) -> None:
    sinks = [SqlAccountSink(SqlAccountsConfig(url=url)) for _ in range(2)]
    await sinks[0].create_tables()
    # Each in its own order, so that their transactions meet.
    orders = [range(40), range(39, -1, -1)]
    upserted = await asyncio.gather(
        *(
            sink.upsert(an_account(number, revision=place + 1), idempotency_key=f"{number}-{place}")
            for place, (sink, order) in enumerate(zip(sinks, orders, strict=True))
            for number in order
        )
    )
    assert sum(one.created for one in upserted) == 40
    for number in range(40):
        held = await sinks[0].get(an_account(number).key)
        assert held is not None
        assert held.revision == 2
    for sink in sinks:
        await sink.close()


async def test_what_was_answered_is_there_after_a_restart(url: str) -> None:
    for revision in (1, 2):
        sink = SqlAccountSink(SqlAccountsConfig(url=url))
        await sink.create_tables()
        upserted = await sink.upsert(an_account(revision=revision), idempotency_key=f"c{revision}")
        assert upserted.created is (revision == 1)
        await sink.close()


async def test_without_its_table_it_refuses_and_says_why(sink: SqlAccountSink) -> None:
    with pytest.raises(RefusedError, match="accounts"):
        await sink.upsert(an_account(), idempotency_key="c1")
    with pytest.raises(RefusedError, match="accounts"):
        await sink.get("any")


async def test_a_table_that_lacks_columns_is_named_at_the_start(sink: SqlAccountSink) -> None:
    async with sink._engine.begin() as connection:
        await connection.execute(text("CREATE TABLE accounts (id TEXT PRIMARY KEY, key TEXT UNIQUE)"))
    with pytest.raises(ConfigurationError, match="lacks revision, org_id"):
        await sink.create_tables()


async def test_a_table_of_an_earlier_release_gets_what_it_lacks(url: str) -> None:
    old = SqlAccountSink(SqlAccountsConfig(url=url))
    await old.create_tables()
    held = [an_account(number, website=f"https://www.c{number}.test") for number in range(3)]
    for account in held:
        await old.upsert(account, idempotency_key=account.key)
    async with old._engine.begin() as connection:
        for index in accounts.indexes:
            await connection.execute(text(f"DROP INDEX {index.name}"))
        for column in accounts.columns:
            if "added" in column.info:
                await connection.execute(text(f"ALTER TABLE accounts DROP COLUMN {column.name}"))
    await old.close()
    sinks = [SqlAccountSink(SqlAccountsConfig(url=url)) for _ in range(4)]
    await asyncio.gather(*(sink.create_tables() for sink in sinks))
    asked = an_account(9, website="c1.test")
    assert [list(await sink.candidates(asked, 10)) for sink in sinks] == [[held[1]]] * 4
    for sink in sinks:
        await sink.close()


async def test_look_alikes_are_found_by_an_index(tmp_path: Path) -> None:
    sink = SqlAccountSink(SqlAccountsConfig(url=f"sqlite+aiosqlite:///{tmp_path}/accounts.db"))
    await sink.create_tables()
    asked = an_account(1, salesforce_account_id="0015", website="acme.test", company_name="Acme")
    query = look_alikes(asked, 10)
    assert query is not None
    async with sink._engine.connect() as connection:
        sql = str(query.compile(connection.sync_engine, compile_kwargs={"literal_binds": True}))
        plan = "\n".join(row.detail for row in await connection.execute(text(f"EXPLAIN QUERY PLAN {sql}")))
    for index in accounts.indexes:
        assert f"USING INDEX {index.name}" in plan
    assert "SCAN" not in plan
    await sink.close()


async def test_an_id_that_another_key_has_is_refused(sink: SqlAccountSink) -> None:
    await sink.create_tables()
    await sink.upsert(an_account(1), idempotency_key="c1")
    clash = an_account(2).model_copy(update={"id": an_account(1).id})
    with pytest.raises(RefusedError, match=r"(?i)unique"):
        await sink.upsert(clash, idempotency_key="c2")


@pytest.mark.parametrize("amount", ["0.00001", "100000000000000000000", "NaN", "Infinity"])
async def test_an_amount_that_does_not_fit_is_refused_not_rounded(sink: SqlAccountSink, amount: str) -> None:
    await sink.create_tables()
    account = an_account().model_copy(update={"arr": Decimal(amount)})
    with pytest.raises(RefusedError, match="arr"):
        await sink.upsert(account, idempotency_key="c1")
    assert await sink.get(account.key) is None


async def test_one_that_is_refused_does_not_take_others_of_its_transaction_with_it(
    sink: SqlAccountSink,
) -> None:
    await sink.create_tables()
    await sink.upsert(an_account(0), idempotency_key="c0")
    clash = an_account(50).model_copy(update={"id": an_account(0).id})
    given = [an_account(number) for number in range(1, 21)]
    given.insert(10, clash)
    results = await asyncio.gather(
        *(sink.upsert(account, idempotency_key=account.key) for account in given), return_exceptions=True
    )
    assert isinstance(results.pop(10), RefusedError)
    assert [result for result in results if isinstance(result, BaseException)] == []
    assert await sink.get(an_account(20).key) == an_account(20)


async def test_errors_do_not_repeat_what_is_personal(sink: SqlAccountSink) -> None:
    await sink.create_tables()
    await sink.upsert(an_account(1), idempotency_key="c1")
    clash = an_account(2, csm=Csm(name="Ann", email="ann@seller.test"), ae_email="ae@seller.test")
    with pytest.raises(RefusedError) as refused:
        await sink.upsert(clash.model_copy(update={"id": an_account(1).id}), idempotency_key="c2")
    assert "seller.test" not in f"{refused.value} {refused.value.__cause__}"


async def test_a_locked_file_is_waited_for_and_then_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "accounts.db"
    config = SqlAccountsConfig(url=f"sqlite+aiosqlite:///{file}", timeout_seconds=0.1)
    sink = SqlAccountSink(config)
    await sink.create_tables()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(UnavailableError, match="locked"):
        await sink.upsert(an_account(), idempotency_key="c1")
    other.execute("ROLLBACK")
    other.close()
    assert (await sink.upsert(an_account(), idempotency_key="c1")).created
    await sink.close()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "accounts.db").write_bytes(b"something else entirely" * 100)
    sink = SqlAccountSink(SqlAccountsConfig(url=f"sqlite+aiosqlite:///{tmp_path}/accounts.db"))
    with pytest.raises(RefusedError, match="not a database"):
        await sink.create_tables()
    await sink.close()


@pytest.mark.postgres
async def test_a_text_that_the_database_cannot_hold_is_refused(postgres: Postgres) -> None:
    sink = SqlAccountSink(SqlAccountsConfig(url=await postgres.create_database()))
    await sink.create_tables()
    with pytest.raises(RefusedError):
        await sink.upsert(an_account(1, name="a\0b"), idempotency_key="c1")
    with pytest.raises(RefusedError):
        await sink.upsert(an_account(2, csm=Csm(name="a\0b")), idempotency_key="c2")
    await sink.close()


@pytest.mark.postgres
async def test_a_server_that_goes_is_unavailable_and_used_again_when_it_is_back(postgres: Postgres) -> None:
    sink = SqlAccountSink(SqlAccountsConfig(url=await postgres.create_database(), timeout_seconds=2))
    await sink.create_tables()
    await sink.upsert(an_account(revision=1), idempotency_key="c1")
    await asyncio.to_thread(postgres.stop)
    try:
        with pytest.raises(UnavailableError):
            await sink.upsert(an_account(revision=2), idempotency_key="c2")
        with pytest.raises(UnavailableError):
            await sink.get(an_account().key)
    finally:
        await asyncio.to_thread(postgres.start)
    assert not (await sink.upsert(an_account(revision=2), idempotency_key="c2")).created
    held = await sink.get(an_account().key)
    assert held is not None
    assert held.revision == 2
    await sink.close()


@pytest.mark.postgres
async def test_a_database_that_is_not_there_is_refused(postgres: Postgres) -> None:
    sink = SqlAccountSink(SqlAccountsConfig(url=postgres.url("nowhere")))
    with pytest.raises(RefusedError, match="nowhere"):
        await sink.create_tables()
    await sink.close()


@pytest.mark.postgres
async def test_a_row_locked_by_somebody_is_waited_for_and_then_unavailable(postgres: Postgres) -> None:
    url = await postgres.create_database()
    sink = SqlAccountSink(SqlAccountsConfig(url=url, timeout_seconds=0.3))
    other = SqlAccountSink(SqlAccountsConfig(url=url))
    await sink.create_tables()
    await sink.upsert(an_account(revision=1), idempotency_key="c1")
    async with other._engine.begin() as connection:
        await connection.execute(text("SELECT * FROM accounts FOR UPDATE"))
        with pytest.raises(UnavailableError):
            await sink.upsert(an_account(revision=2), idempotency_key="c2")
    assert not (await sink.upsert(an_account(revision=2), idempotency_key="c2")).created
    await sink.close()
    await other.close()

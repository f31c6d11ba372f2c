"""Accounts in a SQL database: SQLite through aiosqlite, PostgreSQL through asyncpg."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.accounts.config import SqlAccountsConfig
from connectors.accounts.group_commit import GroupCommit
from connectors.accounts.sql_search import look_alikes
from connectors.accounts.sql_setup import set_up
from connectors.accounts.tables import accounts, from_row, to_row
from connectors.ports import Upserted
from connectors.sql.database import Database
from connectors.sql.errors import sorted_sql_errors
from schemas.account import Account
from schemas.errors import DealwireError, RefusedError

__all__ = ["SqlAccountSink"]

_KEPT_ON_UPDATE = {"id", "key", "created_by"}
_Row = Mapping[str, Any]


class SqlAccountSink:
    """Holds accounts in the table `accounts`. At-least-once in, one row per key in the end.

    A revision replaces only a lower one, in one statement, so writers need no lock and the same command may
    come any number of times. An upsert is answered after its commit; upserts that come at the same time
    share a transaction, and one that the database refuses does not take the others with it.
    """

    def __init__(self, config: SqlAccountsConfig) -> None:
        self._database = Database(config)
        self._on = self._database.on
        self._engine = self._database.engine
        dialect = sqlite if self._database.is_sqlite else postgresql
        insert = dialect.insert(accounts)
        self._upsert = insert.on_conflict_do_update(
            index_elements=[accounts.c.key],
            set_={column.name: column for column in insert.excluded if column.name not in _KEPT_ON_UPDATE},
            where=insert.excluded.revision > accounts.c.revision,
        ).returning(accounts.c.created_by)
        self._commits: GroupCommit[_Row, _Row] = GroupCommit(self._write)

    async def create_tables(self) -> None:
        """Create the table if it is not there, or add what it lacks; several processes may do so at once.

        Raises `ConfigurationError` when a table of that name is there and is another one.
        """
        self._database.make_folder()
        with sorted_sql_errors(self._on):
            await set_up(self._engine, on=self._on)

    async def upsert(self, account: Account, *, idempotency_key: str) -> Upserted:
        """Hold `account` unless its revision or a higher one is held already.

        `created` says whether this command created the account, also when it comes again.
        """
        held = await self._commits.submit(to_row(account, idempotency_key))
        return Upserted(from_row(held), created=held["created_by"] == idempotency_key)

    async def get(self, key: str) -> Account | None:
        """Give the account held under `key`."""
        return next(iter(await self._read(select(accounts).where(accounts.c.key == key))), None)

    async def by_id(self, identifier: str) -> Account | None:
        """Give the account whose id is this."""
        return next(iter(await self._read(select(accounts).where(accounts.c.id == identifier))), None)

    async def candidates(self, account: Account, limit: int) -> Sequence[Account]:
        """Give accounts of the same org that may be the same customer, the likeliest first."""
        query = look_alikes(account, limit)
        return () if query is None else await self._read(query)

    async def close(self) -> None:
        """Finish what was begun and let go of connections."""
        await self._commits.close()
        await self._engine.dispose()

    async def _read(self, query: Select[Any]) -> list[Account]:
        with sorted_sql_errors(self._on):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(query)).all()
        return [from_row(row._asdict()) for row in rows]

    async def _write(self, rows: Sequence[_Row]) -> Sequence[_Row | DealwireError]:
        try:
            return await self._transaction(rows)
        except RefusedError as error:
            if len(rows) == 1:
                return [error]
        # One of them is to blame, and each may be written again: find it by writing each alone.
        return [(await self._write([row]))[0] for row in rows]

    async def _transaction(self, rows: Sequence[_Row]) -> Sequence[_Row]:
        # Every writer takes row locks in the same order, so that no two wait for one another.
        order = sorted(range(len(rows)), key=lambda place: (rows[place]["key"], rows[place]["revision"]))
        held: dict[int, _Row] = {}
        with sorted_sql_errors(self._on):
            async with self._engine.begin() as connection:
                for place in order:
                    held[place] = await self._upsert_row(connection, rows[place])
        return [held[place] for place in range(len(rows))]

    async def _upsert_row(self, connection: AsyncConnection, row: _Row) -> _Row:
        written = (await connection.execute(self._upsert, row)).one_or_none()
        if written is not None:
            return {**row, "created_by": written.created_by}
        found = await connection.execute(select(accounts).where(accounts.c.key == row["key"]))
        return found.one()._asdict()

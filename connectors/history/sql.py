"""The history of runs in a SQL database: SQLite through aiosqlite, PostgreSQL through asyncpg."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Select, func, inspect, literal, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.history.pruning import prune
from connectors.history.tables import Tables, from_body, from_row, make_tables
from connectors.history.writing import Writing
from connectors.ports import RunHistory, Summarize
from connectors.sql.database import Database
from connectors.sql.errors import sorted_sql_errors
from connectors.sql.types import UtcMoment
from schemas.errors import ConfigurationError
from schemas.history_feed import HistoryState, Slice
from schemas.run_event import RunEvent
from schemas.run_query import RunQuery
from schemas.run_summary import RunSummary

__all__ = ["SqlRunHistory"]

_TABLE_LOCK = 0x68697374  # any number of ours; PostgreSQL's advisory locks are shared by the database
_LAST = "\U0010ffff"
_LIVE = make_tables()


class SqlRunHistory:
    """Holds runs, their events and the positions read up to, each append in one transaction.

    Writers of one partition wait for each other; readers wait for nobody. On SQLite a power cut may take the
    last appends, with the positions that they moved, so what is gone is read again.
    """

    def __init__(self, database: Database, summarize: Summarize, tables: Tables = _LIVE) -> None:
        self._database = database
        self._summarize = summarize
        self._tables = tables
        self._writing = Writing(database.is_sqlite, tables, summarize)

    @property
    def on(self) -> str:
        """The database, as messages name it."""
        return self._database.on

    async def exists(self) -> bool:
        """Whether the database has the tables. Makes no file."""
        if self._database.file is not None and not self._database.file.exists():
            return False
        with sorted_sql_errors(self.on):
            async with self._database.engine.connect() as connection:
                return await connection.run_sync(lambda sync: inspect(sync).has_table(self._tables.runs.name))

    async def create_tables(self) -> None:
        """Create the tables if they are not there; several processes may do so at once.

        Raises `ConfigurationError` when tables of these names are there and lack a column.
        """
        self._database.make_folder()
        async with self._changing_tables() as connection:
            await connection.run_sync(self._tables.metadata.create_all)
            missing = await connection.run_sync(_missing_columns)
        if missing:
            raise ConfigurationError(
                f"the history lacks {', '.join(missing)}",
                on=self.on,
                todo="Make it anew from the topic: dealwire history rebuild",
            )

    async def positions(self, topic: str) -> Mapping[int, int]:
        """Give the offset to go on from, by partition."""
        table = self._tables.positions
        wanted = select(table.c.partition, table.c.next_offset).where(table.c.topic == topic)
        with sorted_sql_errors(self.on):
            async with self._database.engine.connect() as connection:
                return {row.partition: row.next_offset for row in await connection.execute(wanted)}

    async def begin(self, topic: str, offsets: Mapping[int, int], *, at: datetime) -> None:
        """Begin these partitions, those that are not further already."""
        if offsets:
            async with self._changing() as connection:
                await self._writing.begin(connection, topic, offsets, at)

    async def append(self, events: Sequence[RunEvent], slices: Sequence[Slice], *, at: datetime) -> bool:
        """Hold events and move the positions past them, unless what lies before is not held."""
        async with self._changing() as connection:
            return await self._writing.append(connection, events, slices, at)

    async def select(self, query: RunQuery) -> Sequence[RunSummary]:
        """Give the runs that a query asks for."""
        runs = self._tables.runs
        wanted = select(runs).where(*(runs.c[name] == value for name, value in query.exact.items()))
        if query.since is not None:
            wanted = wanted.where(runs.c.started_at >= query.since)
        if query.until is not None:
            wanted = wanted.where(runs.c.started_at < query.until)
        if query.text:
            wanted = wanted.where(runs.c.search.contains(query.text.casefold(), autoescape=True))
        if query.after is not None:
            last = tuple_(literal(query.after.started_at, UtcMoment), literal(query.after.run_id))
            wanted = wanted.where(tuple_(runs.c.started_at, runs.c.run_id) < last)
        return await self._runs(wanted, query.limit)

    async def find(self, beginning: str, *, limit: int) -> Sequence[RunSummary]:
        """Give runs by the beginning of their id or their opportunity's."""
        ids = (self._tables.runs.c.run_id, self._tables.runs.c.opportunity_id)
        begins = or_(*((each >= beginning) & (each < beginning + _LAST) for each in ids))
        return await self._runs(select(self._tables.runs).where(begins), limit)

    async def told(self, run_id: str) -> Sequence[RunEvent]:
        """Give every event of a run, in order."""
        events = self._tables.events
        wanted = select(events.c.body).where(events.c.story == run_id, events.c.sequence > 0)
        return await self._events(wanted.order_by(events.c.sequence))

    async def loose(self, opportunity_id: str) -> Sequence[RunEvent]:
        """Give the events of no run about an opportunity."""
        events = self._tables.events
        wanted = select(events.c.body).where(events.c.loose, events.c.opportunity_id == opportunity_id)
        return await self._events(wanted.order_by(events.c.at.nulls_first(), events.c.story))

    async def prune(self, before: datetime) -> int:
        """Forget runs that ended before a moment, a few hundred in each transaction."""
        forgotten = 0
        while True:
            async with self._changing() as connection:
                gone = await prune(connection, self._tables, before)
            if not gone:
                return forgotten
            forgotten += gone

    async def state(self, topic: str) -> HistoryState | None:
        """Give how far it reaches."""
        table = self._tables.positions
        wanted = select(func.min(table.c.at), func.sum(table.c.behind)).where(table.c.topic == topic)
        with sorted_sql_errors(self.on):
            async with self._database.engine.connect() as connection:
                as_of, behind = (await connection.execute(wanted)).one()
        return None if as_of is None else HistoryState(as_of, int(behind))

    @asynccontextmanager
    async def rebuilding(self) -> AsyncIterator[RunHistory]:
        """Give an empty history in tables beside these, which take their names when the block ends well.

        What a rebuild that died has left is thrown away by the next one.
        """
        self._database.make_folder()
        fresh = make_tables("_rebuild", f"history_{uuid4().hex[:8]}")
        async with self._changing_tables() as connection:
            await connection.run_sync(fresh.metadata.drop_all)
            await connection.run_sync(fresh.metadata.create_all)
        yield SqlRunHistory(self._database, self._summarize, fresh)
        async with self._changing_tables() as connection:
            for old, new in zip(self._tables.all, fresh.all, strict=True):
                await connection.execute(text(f"DROP TABLE IF EXISTS {old.name}"))
                await connection.execute(text(f"ALTER TABLE {new.name} RENAME TO {old.name}"))

    async def close(self) -> None:
        """Let go of connections."""
        await self._database.engine.dispose()

    async def _runs(self, wanted: Select[Any], limit: int) -> Sequence[RunSummary]:
        runs = self._tables.runs
        newest_first = wanted.order_by(runs.c.started_at.desc(), runs.c.run_id.desc()).limit(limit)
        with sorted_sql_errors(self.on):
            async with self._database.engine.connect() as connection:
                found = await connection.execute(newest_first)
                return [from_row(dict(row)) for row in found.mappings()]

    async def _events(self, wanted: Select[Any]) -> Sequence[RunEvent]:
        with sorted_sql_errors(self.on):
            async with self._database.engine.connect() as connection:
                return [from_body(row.body) for row in await connection.execute(wanted)]

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[AsyncConnection]:
        with sorted_sql_errors(self.on):
            async with self._database.engine.begin() as connection:
                if self._database.is_sqlite:
                    # At once the writer, so that nobody writes between what is read here and what is written.
                    await connection.execute(text("BEGIN IMMEDIATE"))
                yield connection

    @asynccontextmanager
    async def _changing_tables(self) -> AsyncIterator[AsyncConnection]:
        async with self._changing() as connection:
            if not self._database.is_sqlite:
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_TABLE_LOCK})"))
            yield connection


def _missing_columns(connection: Connection) -> list[str]:
    found = inspect(connection)
    return [
        f"{table.name}.{column.name}"
        for table in _LIVE.all
        for column in table.columns
        if column.name not in {each["name"] for each in found.get_columns(table.name)}
    ]

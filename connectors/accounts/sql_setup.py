"""Makes the table `accounts`, or brings one of an earlier release up to date."""

from sqlalchemy import inspect, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from connectors.accounts.tables import accounts, from_row, searchable
from schemas.errors import ConfigurationError

__all__ = ["set_up"]

_CREATION_LOCK = 0x6465616C  # any number of ours; PostgreSQL's advisory locks are shared by the database
_BATCH = 500


async def set_up(engine: AsyncEngine, *, on: str) -> None:
    """Create the table and its indexes if they are not there; several processes may do so at once.

    Columns that a later release brought are added, and filled for the accounts already held. Raises
    `ConfigurationError` when a table of that name lacks other columns.
    """
    async with engine.begin() as connection:
        await _alone(connection)
        await connection.execute(CreateTable(accounts, if_not_exists=True))
        found = await connection.run_sync(
            lambda sync: {column["name"] for column in inspect(sync).get_columns(accounts.name)}
        )
        missing = [column for column in accounts.columns if column.name not in found]
        foreign = [column.name for column in missing if "added" not in column.info]
        if foreign:
            raise ConfigurationError(
                f"the table {accounts.name} lacks {', '.join(foreign)}",
                on=on,
                todo="Add the columns, or give dealwire a database of its own.",
            )
        for column in missing:
            await connection.execute(
                text(f"ALTER TABLE {accounts.name} ADD COLUMN {CreateColumn(column).compile(engine)}")
            )
        for index in sorted(accounts.indexes, key=lambda index: str(index.name)):
            await connection.execute(CreateIndex(index, if_not_exists=True))
    while await _fill(engine):
        pass


async def _alone(connection: AsyncConnection) -> None:
    """Let no other process change the table meanwhile."""
    if connection.dialect.name == "sqlite":
        await connection.execute(text("BEGIN IMMEDIATE"))
    else:
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({_CREATION_LOCK})"))


async def _fill(engine: AsyncEngine) -> bool:
    """Make some accounts searchable that an earlier release wrote; tell whether there were any."""
    async with engine.begin() as connection:
        rows = (
            await connection.execute(select(accounts).where(accounts.c.name_key.is_(None)).limit(_BATCH))
        ).all()
        for row in rows:
            await connection.execute(
                update(accounts)
                .where(accounts.c.id == row.id, accounts.c.revision == row.revision)
                .values(searchable(from_row(row._asdict())))
            )
    return bool(rows)

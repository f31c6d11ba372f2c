"""Forgets runs that ended long ago, inside the transaction of its caller."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.history.tables import Tables

__all__ = ["prune"]

_AT_ONCE = 500


async def prune(connection: AsyncConnection, tables: Tables, before: datetime) -> int:
    """Forget some of the runs that ended before a moment, and what is of no run; give how many runs.

    One that began anew in the meantime is kept.
    """
    runs, events, positions = tables.runs, tables.events, tables.positions
    # Whoever changes the tables themselves begins with this one, so we do not wait for each other.
    await connection.execute(select(positions.c.topic).limit(1))
    oldest = select(runs.c.run_id).where(runs.c.ended_at < before).order_by(runs.c.ended_at).limit(_AT_ONCE)
    found = list(await connection.scalars(oldest))
    ended = delete(runs).where(runs.c.run_id.in_(found), runs.c.ended_at < before).returning(runs.c.run_id)
    gone = list(await connection.scalars(ended))
    await connection.execute(delete(events).where(events.c.story.in_(gone), events.c.sequence > 0))
    await connection.execute(delete(events).where(events.c.loose, events.c.at < before))
    return len(gone)

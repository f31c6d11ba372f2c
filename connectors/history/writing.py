"""What one append writes, inside the transaction of its caller."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.history.stories import storable
from connectors.history.tables import Tables, from_body, from_row, to_event_row, to_row
from connectors.ports import Summarize
from schemas.history_feed import Slice
from schemas.run_event import RunEvent
from schemas.run_summary import RunSummary, is_of_run

__all__ = ["Writing"]

_MOST_IDS = 500
"""In one statement; a database bounds its parameters."""


class Writing:
    """Writes events, and the runs that they make.

    A run is made from its row and the events after it. Where the row was made without some earlier ones, it
    is made anew from all of its events, so that it does not matter in which order they came.
    """

    def __init__(self, is_sqlite: bool, tables: Tables, summarize: Summarize) -> None:  # noqa: FBT001 - the dialect
        self._tables = tables
        self._summarize = summarize
        insert = sqlite.insert if is_sqlite else postgresql.insert
        self._add_event = insert(tables.events).on_conflict_do_nothing()
        run = insert(tables.runs)
        self._put_run = run.on_conflict_do_update(
            index_elements=[tables.runs.c.run_id],
            set_={column.name: column for column in run.excluded if column.name != "run_id"},
        )
        positions = tables.positions
        begun = insert(positions)
        self._begin = begun.on_conflict_do_update(
            index_elements=[positions.c.topic, positions.c.partition],
            set_={name: begun.excluded[name] for name in ("next_offset", "behind", "at")},
            where=begun.excluded.next_offset > positions.c.next_offset,
        )
        # One that is behind, since others have read its partition meanwhile, moves nothing back.
        self._move = (
            update(positions)
            .where(
                positions.c.topic == bindparam("of_topic"),
                positions.c.partition == bindparam("of_partition"),
                positions.c.next_offset <= bindparam("next_offset"),
            )
            .values(next_offset=bindparam("next_offset"), behind=bindparam("behind"), at=bindparam("at"))
        )

    async def begin(
        self, connection: AsyncConnection, topic: str, offsets: Mapping[int, int], at: datetime
    ) -> None:
        """Put positions where there are none, or lower ones."""
        rows = [
            {"topic": topic, "partition": number, "next_offset": offset, "behind": 0, "at": at}
            for number, offset in sorted(offsets.items())
        ]
        await connection.execute(self._begin, rows)

    async def append(
        self, connection: AsyncConnection, events: Sequence[RunEvent], slices: Sequence[Slice], at: datetime
    ) -> bool:
        """Write events and positions; nothing if a slice begins after its position."""
        if not await self._reach(connection, slices):
            return False
        kept = [storable(event) for event in events]
        if kept:
            await connection.execute(self._add_event, [to_event_row(event) for event in kept])
            await self._put_runs(connection, _by_run(kept))
        moved = [
            {
                "of_topic": each.topic,
                "of_partition": each.partition,
                "next_offset": each.end,
                "behind": each.behind,
                "at": at,
            }
            for each in slices
        ]
        if moved:
            await connection.execute(self._move, moved)
        return True

    async def _reach(self, connection: AsyncConnection, slices: Sequence[Slice]) -> bool:
        """Whether the slices begin where the positions are or before; their writers wait for us now."""
        table = self._tables.positions
        places = [(each.topic, each.partition) for each in slices]
        wanted = (
            select(table)
            .where(tuple_(table.c.topic, table.c.partition).in_(places))
            .order_by(table.c.topic, table.c.partition)
            .with_for_update()
        )
        held = {(row.topic, row.partition): row.next_offset for row in await connection.execute(wanted)}
        return all(held.get((each.topic, each.partition), -1) >= each.start for each in slices)

    async def _put_runs(self, connection: AsyncConnection, told: Mapping[str, Sequence[RunEvent]]) -> None:
        known = await self._known(connection, list(told))
        anew = [run_id for run_id, events in told.items() if _has_gap(known.get(run_id), events)]
        all_of_them = await self._all_events(connection, anew)
        runs = [
            self._summarize(None, all_of_them[run_id])
            if run_id in all_of_them
            else self._summarize(known.get(run_id), events)
            for run_id, events in told.items()
        ]
        rows = [to_row(run) for run in runs if run is not None and run != known.get(run.run_id)]
        if rows:
            await connection.execute(self._put_run, rows)

    async def _known(self, connection: AsyncConnection, run_ids: Sequence[str]) -> dict[str, RunSummary]:
        runs = self._tables.runs
        known = {}
        for ids in _chunks(run_ids):
            # In one order, so that no two writers wait for one another.
            wanted = select(runs).where(runs.c.run_id.in_(ids)).order_by(runs.c.run_id).with_for_update()
            for row in (await connection.execute(wanted)).mappings():
                known[row["run_id"]] = from_row(dict(row))
        return known

    async def _all_events(
        self, connection: AsyncConnection, run_ids: Sequence[str]
    ) -> dict[str, list[RunEvent]]:
        table = self._tables.events
        found: dict[str, list[RunEvent]] = {}
        for ids in _chunks(run_ids):
            wanted = select(table.c.story, table.c.body).where(table.c.story.in_(ids), table.c.sequence > 0)
            for row in await connection.execute(wanted.order_by(table.c.story, table.c.sequence)):
                found.setdefault(row.story, []).append(from_body(row.body))
        return found


def _by_run(events: Iterable[RunEvent]) -> dict[str, list[RunEvent]]:
    """Give the events of each run in order, each sequence once, the first that came."""
    runs: dict[str, dict[int, RunEvent]] = {}
    for event in filter(is_of_run, events):
        runs.setdefault(event.run_id, {}).setdefault(event.sequence, event)
    return {run_id: [told[number] for number in sorted(told)] for run_id, told in sorted(runs.items())}


def _has_gap(known: RunSummary | None, events: Sequence[RunEvent]) -> bool:
    """Whether an event may be one that the row was made without."""
    return known is not None and not known.whole and events[0].sequence <= known.sequence


def _chunks(ids: Sequence[str]) -> Iterable[list[Any]]:
    for start in range(0, len(ids), _MOST_IDS):
        yield list(ids[start : start + _MOST_IDS])

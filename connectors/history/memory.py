"""The history of runs in memory: the twin of the database, for tests."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from connectors.history.stories import storable, story_of
from connectors.ports import RunHistory, Summarize
from schemas.history_feed import HistoryState, Slice
from schemas.run_event import RunEvent
from schemas.run_query import Cursor, RunQuery
from schemas.run_summary import NEVER, RunSummary, is_of_run

__all__ = ["MemoryRunHistory"]


class MemoryRunHistory:
    """Holds events while the process lives, and makes the runs from them whenever it is asked."""

    def __init__(self, summarize: Summarize) -> None:
        self._summarize = summarize
        self._events: dict[tuple[str, int], RunEvent] = {}
        self._positions: dict[tuple[str, int], Slice] = {}
        self._at: dict[tuple[str, int], datetime] = {}

    async def positions(self, topic: str) -> Mapping[int, int]:
        """Give the offset to go on from, by partition."""
        return {number: held.end for (name, number), held in self._positions.items() if name == topic}

    async def begin(self, topic: str, offsets: Mapping[int, int], *, at: datetime) -> None:
        """Begin these partitions, those that are not further already."""
        for number, offset in offsets.items():
            held = self._positions.get((topic, number))
            if held is None or held.end < offset:
                self._hold(Slice(topic, number, offset, offset), at)

    async def append(self, events: Sequence[RunEvent], slices: Sequence[Slice], *, at: datetime) -> bool:
        """Hold events, unless what lies before their slices is not held."""
        held = [self._positions.get((each.topic, each.partition)) for each in slices]
        if any(known is None or known.end < each.start for each, known in zip(slices, held, strict=True)):
            return False
        for event in map(storable, events):
            self._events.setdefault(story_of(event), event)
        for each, known in zip(slices, held, strict=True):
            if known is not None and known.end <= each.end:
                self._hold(each, at)
        return True

    async def select(self, query: RunQuery) -> Sequence[RunSummary]:
        """Give the runs that a query asks for."""
        return [run for run in self._runs() if query.wants(run)][: query.limit]

    async def find(self, beginning: str, *, limit: int) -> Sequence[RunSummary]:
        """Give runs by the beginning of their id or their opportunity's."""
        found = [
            run
            for run in self._runs()
            if run.run_id.startswith(beginning) or run.opportunity_id.startswith(beginning)
        ]
        return found[:limit]

    async def told(self, run_id: str) -> Sequence[RunEvent]:
        """Give every event of a run, in order."""
        return [self._events[key] for key in sorted(self._events) if key[0] == run_id and key[1] > 0]

    async def loose(self, opportunity_id: str) -> Sequence[RunEvent]:
        """Give the events of no run about an opportunity."""
        found = [
            event
            for event in self._events.values()
            if event.opportunity_id == opportunity_id and not is_of_run(event)
        ]
        return sorted(found, key=lambda event: (event.at or NEVER, event.id))

    async def prune(self, before: datetime) -> int:
        """Forget runs that ended before a moment."""
        gone = {run.run_id for run in self._runs() if run.ended_at is not None and run.ended_at < before}
        self._events = {
            key: event
            for key, event in self._events.items()
            if key[0] not in gone and (is_of_run(event) or event.at is None or event.at >= before)
        }
        return len(gone)

    async def state(self, topic: str) -> HistoryState | None:
        """Give how far it reaches."""
        held = {key: each for key, each in self._positions.items() if key[0] == topic}
        if not held:
            return None
        return HistoryState(min(self._at[key] for key in held), sum(each.behind for each in held.values()))

    @asynccontextmanager
    async def rebuilding(self) -> AsyncIterator[RunHistory]:
        """Give an empty history that takes the place of this one."""
        fresh = MemoryRunHistory(self._summarize)
        yield fresh
        self._events, self._positions, self._at = fresh._events, fresh._positions, fresh._at

    async def close(self) -> None:
        """Nothing to let go of; the events stay."""

    def _hold(self, held: Slice, at: datetime) -> None:
        key = (held.topic, held.partition)
        self._positions[key], self._at[key] = held, at

    def _runs(self) -> list[RunSummary]:
        events: dict[str, list[RunEvent]] = {}
        for key in sorted(self._events):
            if is_of_run(self._events[key]):
                events.setdefault(key[0], []).append(self._events[key])
        runs = [self._summarize(None, told) for told in events.values()]
        return sorted((run for run in runs if run is not None), key=Cursor.of, reverse=True)

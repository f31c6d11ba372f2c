"""Activates, retires and deletes versions of workflows, through the topic `control`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from connectors.ports import Clock
from processors import versions
from processors.applying import Applied
from schemas.errors import UnavailableError
from schemas.run_query import Cursor, RunQuery
from schemas.run_summary import RunSummary
from streams.control import write
from streams.definitions import connected
from streams.history.reading import lateness, opened
from streams.history.topic import TOPIC
from streams.records import Records
from streams.settings import Settings

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class VersionDesk:
    """Changes which versions are in force, for a person; each method says what it did, or would do.

    Every one raises `UsageError` for what is not there and `UnavailableError` where Kafka does not answer.
    """

    settings: Settings
    clock: Clock
    say: Callable[[str], None] = lambda _: None
    """Is told that the history is a little behind."""

    async def activate(self, name: str, number: int | None, *, actor: str, dry_run: bool = False) -> Applied:
        """Let a version, by default the latest, start the runs from now on."""
        records, catalogue = await connected(self.settings)
        done = versions.activate(catalogue, name, number, at=self.clock.now(), actor=actor)
        return await self._written(records, done, dry_run=dry_run)

    async def retire(self, name: str, *, actor: str, dry_run: bool = False) -> Applied:
        """Let a workflow start no more runs."""
        records, catalogue = await connected(self.settings)
        done = versions.retire(catalogue, name, at=self.clock.now(), actor=actor)
        return await self._written(records, done, dry_run=dry_run)

    async def delete(self, name: str, number: int, *, actor: str, dry_run: bool = False) -> Applied:
        """Forget a version that no open run is pinned to. Raises `RefusedError` otherwise.

        Which runs are open is what the history says. `UnavailableError` where it is not up to date: a run it
        does not know of would be left without its definition.
        """
        records, catalogue = await connected(self.settings)
        versions.chosen(catalogue, name, number)
        runs = await open_runs(self.settings, self.clock, name, self.say)
        done = versions.delete(catalogue, name, number, runs, at=self.clock.now(), actor=actor)
        return await self._written(records, done, dry_run=dry_run)

    async def _written(self, records: Records, done: Applied, *, dry_run: bool) -> Applied:
        if done.records and not dry_run:
            await asyncio.to_thread(write, self.settings.kafka, records, done.records)
        return done


async def open_runs(
    settings: Settings, clock: Clock, workflow: str, say: Callable[[str], None]
) -> list[RunSummary]:
    """Give the runs of a workflow that have not ended. Raises `UnavailableError` where that is not known."""
    async with opened(settings, clock, say) as history:
        state = await history.state(settings.kafka.topic(TOPIC.name))
        # Lists may lack the last few events; whoever takes a definition away may not.
        late = lateness(state, clock) if state is not None else ""
        if state is not None and (state.behind or late):
            what = late or f"The history is {state.behind} events behind."
            raise UnavailableError(what, todo="Try again when it has caught up.")
        found: list[RunSummary] = []
        after: Cursor | None = None
        while True:
            page = await history.select(RunQuery(workflow_id=workflow, limit=_PAGE, after=after))
            found += [run for run in page if not run.ended]
            if len(page) < _PAGE:
                return found
            after = Cursor.of(page[-1])

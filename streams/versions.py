"""Activates, retires and deletes versions of workflows, through the topic `control`."""

from collections.abc import Callable
from datetime import datetime

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
from streams.settings import Settings

_PAGE = 1000


async def activate(settings: Settings, name: str, number: int | None, *, at: datetime, actor: str) -> Applied:
    """Let a version start the runs from now on. Raises `UsageError`, `UnavailableError`."""
    records, catalogue = await connected(settings)
    done = versions.activate(catalogue, name, number, at=at, actor=actor)
    write(settings.kafka, records, done.records)
    return done


async def retire(settings: Settings, name: str, *, at: datetime, actor: str) -> Applied:
    """Let a workflow start no more runs. Raises `UsageError`, `UnavailableError`."""
    records, catalogue = await connected(settings)
    done = versions.retire(catalogue, name, at=at, actor=actor)
    write(settings.kafka, records, done.records)
    return done


async def delete(
    settings: Settings, name: str, number: int, *, clock: Clock, actor: str, say: Callable[[str], None]
) -> Applied:
    """Forget a version that no open run is pinned to. Raises `RefusedError`, `UsageError`.

    Which runs are open is what the history says. `UnavailableError` where it is not up to date: a run it
    does not know of would be left without its definition.
    """
    records, catalogue = await connected(settings)
    versions.chosen(catalogue, name, number)
    runs = await open_runs(settings, clock, name, say)
    done = versions.delete(catalogue, name, number, runs, at=clock.now(), actor=actor)
    write(settings.kafka, records, done.records)
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

"""Opens the history of runs for whoever asks: its database, or in its absence the topic itself."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.history.memory import MemoryRunHistory
from connectors.ports import Clock, RunHistory
from processors.run_summary import summarize
from schemas.history_feed import HistoryState
from streams.history.topic import TOPIC, batches, event_records, run_events
from streams.metrics import Metrics
from streams.settings import Settings

if TYPE_CHECKING:
    from connectors.history.sql import SqlRunHistory

_LATE = timedelta(minutes=1)
_MANY = 1000
"""Fewer than this are what is on its way at any moment, and there within a second."""


def history_of(settings: Settings) -> "SqlRunHistory":
    """Give the history that the settings name. Connects when it is first asked."""
    # SQLAlchemy takes as long to import as most commands take in all; a help text needs none of it.
    from connectors.history.sql import SqlRunHistory  # noqa: PLC0415 - when a database is asked
    from connectors.sql.database import Database  # noqa: PLC0415 - the same

    return SqlRunHistory(Database(settings.history, durable=False), summarize)


@asynccontextmanager
async def opened(settings: Settings, clock: Clock, say: Callable[[str], None]) -> AsyncIterator[RunHistory]:
    """Give the history to ask. `say` is told when it is not what one would expect of it.

    That is: it is behind, nobody feeds it, or there is none and the whole topic is read instead. A database
    that does not answer raises `UnavailableError`; it is not gone round.
    """
    history = history_of(settings)
    try:
        topic = settings.kafka.topic(TOPIC.name)
        state = await history.state(topic) if await history.exists() else None
        if state is None:
            say(
                f"There is no history at {history.on}: the whole topic is read, which takes as long as it is "
                "large. Keep one with: dealwire history run"
            )
            yield await _of_topic(settings, clock)
        else:
            if told := lateness(state, clock):
                say(told)
            yield history
    finally:
        await history.close()


def lateness(state: HistoryState, clock: Clock) -> str:
    """Say how far a history lies back; nothing where it is no more than on its way."""
    if state.behind > _MANY:
        return f"The history is {state.behind} events behind."
    age = clock.now() - state.as_of
    if age > _LATE:
        return (
            f"The history was last fed at {state.as_of:%Y-%m-%d %H:%M:%S} UTC. "
            "Does it run? Type: dealwire history run"
        )
    return ""


async def _of_topic(settings: Settings, clock: Clock) -> RunHistory:
    history, metrics = MemoryRunHistory(summarize), Metrics()
    records = await event_records(settings)
    async for batch in batches(settings):
        await history.append(await run_events(records, batch, metrics), [], at=clock.now())
    return history

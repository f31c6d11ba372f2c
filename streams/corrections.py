"""What operators want of many runs: found in the history, said side by side, each answered."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from connectors.ports import RunHistory
from processors.commanding import Answer
from schemas.inbox import InboxRecord
from schemas.run_query import Cursor, RunQuery
from schemas.run_summary import RunSummary
from streams.commanding import Commander

_PAGE = 500
_AT_ONCE = 64


async def every(history: RunHistory, query: RunQuery, statuses: Sequence[str]) -> list[RunSummary]:
    """Give every run that a query asks for and that has one of these statuses, the oldest first.

    Whoever waited longest is served first.
    """
    found: list[RunSummary] = []
    for status in statuses:
        after: Cursor | None = None
        while True:
            some = await history.select(replace(query, status=status, limit=_PAGE, after=after))
            found += some
            if len(some) < _PAGE:
                break
            after = Cursor.of(some[-1])
    return sorted(found, key=Cursor.of)


async def say_all(
    commander: Commander, words: Sequence[InboxRecord], on_answer: Callable[[], None]
) -> list[Answer]:
    """Say many commands, some at once, and give their answers in the same order."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(word: InboxRecord) -> Answer:
        async with room:
            said = await commander.say(word)
        on_answer()
        return said

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(word)) for word in words]
    return [task.result() for task in tasks]

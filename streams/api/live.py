"""Who listens to run events as they happen, and what each has not taken yet."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from schemas.run_event import RunEvent

MOST_LISTENERS = 100
_MOST_WAITING = 256

Wanted = Callable[[RunEvent], bool]


class Listener:
    """One who listens: takes events one by one; `over` tells that no more come, and why."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._waiting: asyncio.Queue[RunEvent | None] = asyncio.Queue(_MOST_WAITING + 1)
        self.over = ""

    def tell(self, event: RunEvent) -> None:
        """Add an event, if it is wanted. Who has left too many waiting is told nothing any more."""
        if self.over or not self._wanted(event):
            return
        if self._waiting.qsize() >= _MOST_WAITING:
            self.end("too slow")
        else:
            self._waiting.put_nowait(event)

    def end(self, why: str) -> None:
        """Say that no more come, after those that wait."""
        if not self.over:
            self.over = why
            self._waiting.put_nowait(None)

    async def next(self) -> RunEvent | None:
        """Give the next event as soon as there is one; None when it is over."""
        return await self._waiting.get()


class Audience:
    """All who listen. What happens while nobody listens is gone: it stands in the history."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    @property
    def full(self) -> bool:
        """Whether nobody more may listen."""
        return len(self._listeners) >= MOST_LISTENERS

    @contextmanager
    def listening(self, wanted: Wanted) -> Iterator[Listener]:
        """Listen from now on to the events that are wanted."""
        listener = Listener(wanted)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def tell(self, event: RunEvent) -> None:
        """Tell everybody."""
        for listener in self._listeners:
            listener.tell(event)

    def end(self) -> None:
        """Say to everybody that no more come."""
        for listener in self._listeners:
            listener.end("the API stops")

"""A channel of changes held in memory: the twin of a subscription to an org, for tests of what reads one."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress

from connectors.ports import RETAINED_EDGE, Clock, Malformed, Received, SystemClock
from schemas.change import Change
from schemas.errors import DealwireError, GapError

__all__ = ["MemoryChangeSource"]


class MemoryChangeSource:
    """One channel, as a `ChangeSource`: everything appended is retained until it is forgotten.

    Positions rise from 1. `asked` holds the positions that were asked for.
    """

    def __init__(self, channel: str, clock: Clock | None = None) -> None:
        self._channel = channel
        self._clock = clock or SystemClock()
        self._retained: list[Received] = []
        self._newest = 0
        self._forgotten = 0
        self._wake = asyncio.Event()
        self._failures: list[DealwireError] = []
        self._quiet = 0
        self.asked: list[str | None] = []

    def append(self, *changes: Change, malformed: Malformed | None = None) -> str:
        """Add an event with these changes (or one that cannot be read), and give its position."""
        self._newest += 1
        position = str(self._newest)
        self._retained.append(
            Received(self._channel, position, changes, self._clock.now(), malformed=malformed)
        )
        self._wake.set()
        return position

    def fail(self, error: DealwireError) -> None:
        """End the session that is open, or the next one, with an error; after what has come before."""
        self._failures.append(error)
        self._wake.set()

    def quieten(self) -> None:
        """Have whoever reads told that there is nothing more up to now."""
        self._quiet += 1
        self._wake.set()

    def forget(self) -> None:
        """Retain nothing of what was appended so far, as an org does after three days."""
        self._forgotten = self._newest
        self._retained.clear()

    async def events(self, resume_after: str | None) -> AsyncGenerator[Received, None]:
        """Give events after a position; see `ChangeSource`."""
        self.asked.append(resume_after)
        place = self._place(resume_after)
        yield Received(self._channel, "", (), self._clock.now(), quiet=resume_after is None)
        while True:
            for received in self._after(place):
                place = int(received.replay_id)
                yield received
            if self._failures:
                raise self._failures.pop(0)
            if self._quiet:
                self._quiet -= 1
                yield Received(self._channel, "", (), self._clock.now(), quiet=True)
                continue
            self._wake.clear()
            await self._wake.wait()

    async def close(self) -> None:
        """Nothing is held open."""

    def _after(self, place: int) -> Sequence[Received]:
        return [each for each in self._retained if int(each.replay_id) > place]

    def _place(self, resume_after: str | None) -> int:
        if resume_after is None:
            return self._newest
        if resume_after == RETAINED_EDGE:
            return self._forgotten
        with suppress(ValueError):
            place = int(resume_after)
            if self._forgotten < place <= self._newest:
                return place
        raise GapError(f"{resume_after[:40]!r} is not retained", on=self._channel)

"""Holds a stream of work to so many a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable

_TURNS_A_SECOND = 5


class Pace:
    """`rate` is pieces a second; 0 is as fast as it goes."""

    def __init__(
        self,
        rate: float = 0,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._sleep = sleep
        self._began: float | None = None
        self._done = 0

    def at_once(self, most: int) -> int:
        """Give how many may be done together, `most` at the most."""
        return most if not self._rate else max(1, min(most, int(self._rate / _TURNS_A_SECOND)))

    async def did(self, count: int) -> None:
        """Take note of work that was done, and wait until it may go on."""
        if not self._rate:
            return
        if self._began is None:
            self._began = self._monotonic()
        self._done += count
        ahead = self._began + self._done / self._rate - self._monotonic()
        if ahead > 0:
            await self._sleep(ahead)

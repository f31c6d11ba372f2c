"""Long work that a request begins and does not wait for: one at a time, asked about by its id.

It lives in this process. When that ends, the work ends where it is: what was not done yet can be asked for
anew, and nothing is lost by that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, Literal

import structlog
from pydantic import BaseModel

from connectors.ports import Clock
from schemas.errors import DealwireError, UnavailableError

_MOST_KEPT = 100
_FAREWELL_S = 10.0

log = structlog.get_logger(__name__)

Came = Mapping[str, bool | int | list[str]]


class Undertaking(BaseModel):
    """A piece of long work: `done` of `count` so far, and in the end what came of it.

    `stopped` is by a person or with the API; `failed` says why in `trouble`. Whatever was not done then is
    as it was.
    """

    id: str
    what: str
    by: str
    state: Literal["under way", "done", "failed", "stopped"] = "under way"
    count: int = 0
    done: int = 0
    began_at: datetime
    ended_at: datetime | None = None
    came: Came = {}
    trouble: str = ""


class BusyError(Exception):
    """Something is under way already. `id` says what."""

    def __init__(self, id_: str) -> None:
        super().__init__(id_)
        self.id = id_


Work = Callable[[Undertaking], Coroutine[Any, Any, Came]]
Ended = Callable[[Undertaking], Awaitable[None]]


class Undertakings:
    """Begins work, and knows what became of the last hundred pieces of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, Undertaking] = {}
        self._current = ""
        self._working: asyncio.Task[Came] | None = None
        self._watching: asyncio.Task[None] | None = None

    def get(self, id_: str) -> Undertaking | None:
        """Give a piece of work as it stands."""
        return self._known.get(id_)

    def begin(self, undertaking: Undertaking, work: Work, ended: Ended) -> Undertaking:
        """Begin to work. `ended` is told when it is over, however it ended. Raises `BusyError`."""
        if self._watching is not None and not self._watching.done():
            raise BusyError(self._current)
        self._current = undertaking.id
        self._known[undertaking.id] = undertaking
        for old in list(self._known)[:-_MOST_KEPT]:
            del self._known[old]
        self._working = asyncio.create_task(work(undertaking))
        self._watching = asyncio.create_task(self._watch(undertaking, self._working, ended))
        return undertaking

    def stop(self, id_: str) -> None:
        """Stop a piece of work, if it is under way."""
        if self._working is not None and self._current == id_:
            self._working.cancel()

    async def close(self) -> None:
        """Stop what is under way, and wait a while until its end was told: Kafka may be away for long."""
        self.stop(self._current)
        if self._watching is not None:
            _, waiting = await asyncio.wait([self._watching], timeout=_FAREWELL_S)
            if waiting:
                log.warning("work that was begun over HTTP does not end", work=self._current)

    async def _watch(self, undertaking: Undertaking, working: asyncio.Task[Came], ended: Ended) -> None:
        await asyncio.wait([working])
        error = None if working.cancelled() else working.exception()
        if working.cancelled():
            undertaking.state = "stopped"
        elif error is None:
            undertaking.state, undertaking.came = "done", working.result()
        else:
            undertaking.state, undertaking.trouble = "failed", _trouble(error)
            log.error("work that was begun over HTTP failed", work=undertaking.id, error=repr(error))
        undertaking.ended_at = self._clock.now()
        await ended(undertaking)


def _trouble(error: BaseException) -> str:
    """Say what failed; where our systems are, and what a mistake of ours says, stays in the log."""
    if isinstance(error, DealwireError) and not isinstance(error, UnavailableError):
        return f"{error.what} ({error.on})" if error.on else error.what
    known = isinstance(error, UnavailableError)
    return "Kafka does not answer." if known else "This is our fault. The log has more under the work's id."

"""Leaves a sink alone that has failed several times in a row, and tries it with one call afterwards.

While it rests, commands are answered at once as retryable, with the moment from which it is tried again; so a
dead sink costs nobody a time-out, and gets no storm when it is back. Any answer counts as life, also a
refusal; one that asks for patience (`Retry-After` of a sink that throttles) concerns its own command alone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256
from typing import TypeVar

import structlog

from connectors.breaker import Breaker
from connectors.ports import Clock
from schemas.errors import DealwireError, UnavailableError
from streams.metrics import SINK_RESTING, SINK_RESTS, Metrics

__all__ = ["SinkRest"]

_FAILURES = 5
_FIRST = timedelta(seconds=5)
_LONGEST = timedelta(minutes=5)
_SPREAD = 0.25
"""Those that were sent away come back within this share of the pause, not all in one moment."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


class SinkRest:
    """The circuit breaker of one sink of one process: closed, open, and half open while one call tries."""

    def __init__(self, sink: str, clock: Clock, metrics: Metrics) -> None:
        self._sink = sink
        self._metrics = metrics
        self._breaker = Breaker(clock, failures=_FAILURES, first=_FIRST, longest=_LONGEST)
        self._rests = 0
        self._trial: asyncio.Future[None] | None = None
        metrics.watch(SINK_RESTING, lambda: float(self._breaker.tripped), sink=sink)

    async def call(self, attempt: Callable[[], Awaitable[T]], *, key: str) -> T:
        """Ask the sink, unless it rests: then raise `UnavailableError` with `retry_after` at once.

        Where the sink is being tried, wait for what comes of it. `key` spreads those who come again.
        """
        while self._breaker.tripped:
            if (wait := self._breaker.closed_in) > timedelta(0):
                raise UnavailableError(
                    "it failed several times in a row and is left alone for a while",
                    on=f"sink {self._sink}",
                    retry_after=wait * (1 + _SPREAD * _share(key)),
                )
            if self._trial is None:
                return await self._try(attempt)
            await asyncio.wait((self._trial,))
        return await self._counted(attempt, self._rests)

    async def _try(self, attempt: Callable[[], Awaitable[T]]) -> T:
        log.info("sink is tried", sink=self._sink)
        self._trial = trial = asyncio.get_running_loop().create_future()
        try:
            return await self._counted(attempt, self._rests)
        finally:
            self._trial = None
            trial.set_result(None)

    async def _counted(self, attempt: Callable[[], Awaitable[T]], rests: int) -> T:
        try:
            done = await attempt()
        except UnavailableError as error:
            if error.retry_after is not None and not error.unknown_outcome:
                self._answered()  # it throttles
            else:
                self._failed(rests)
            raise
        except DealwireError:
            self._answered()
            raise
        except asyncio.CancelledError:
            self._failed(rests)  # its caller gave up waiting
            raise
        self._answered()
        return done

    def _failed(self, rests: int) -> None:
        if rests != self._rests:
            return  # it began before this rest, and says nothing new
        self._breaker.failed()
        if self._breaker.tripped:
            self._rests += 1
            self._metrics.add(SINK_RESTS, sink=self._sink)
            seconds = self._breaker.closed_in.total_seconds()
            log.warning("sink is left alone", sink=self._sink, seconds=seconds)

    def _answered(self) -> None:
        if self._breaker.tripped:
            log.info("sink answers again", sink=self._sink)
        self._breaker.succeeded()


def _share(key: str) -> float:
    return int.from_bytes(sha256(key.encode()).digest()[:4]) / 2**32

"""Notices that this process stood still for so long that its partitions may be another's by now.

Kafka does not fence a consumer's writes: a worker that was frozen (a paused machine, a stopped process) and
goes on where it was would write over the state of the worker that took its partitions. So whoever sends asks
first whether the process was awake.
"""

import time
from collections.abc import Callable

from schemas.errors import BrokenInvariantError


class FrozenError(BrokenInvariantError):
    """The process stood still longer than its group waits for it. It must end and send nothing more."""


class Pulse:
    """Beats while the event loop runs. Once it was late, `check` raises from then on."""

    def __init__(self, limit_seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit_seconds
        self._monotonic = monotonic
        self._last = monotonic()
        self._stood_still = 0.0

    def begin(self) -> None:
        """Begin now: whatever was before, nothing was held yet that another could have taken."""
        self._last = self._monotonic()
        self._stood_still = 0.0

    def beat(self) -> None:
        """Say that the process is awake."""
        now = self._monotonic()
        if now - self._last > self._limit:
            self._stood_still = max(self._stood_still, now - self._last)
        self._last = now

    def check(self) -> None:
        """Raise `FrozenError` if the process was, or is, late."""
        self.beat()
        if self._stood_still:
            raise FrozenError(
                f"this process stood still for {self._stood_still:.1f} seconds; its partitions may be "
                "another worker's",
                todo="Nothing: the worker starts again. If it happens often, look for paused machines.",
            )

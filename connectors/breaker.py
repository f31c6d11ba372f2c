"""Keeps from asking again what has failed several times in a row, for a time that grows."""

from datetime import datetime, timedelta

from connectors.ports import Clock

__all__ = ["Breaker"]


class Breaker:
    """Opens after `failures` failures in a row; each further one doubles how long, up to `longest`."""

    def __init__(
        self,
        clock: Clock,
        *,
        failures: int = 3,
        first: timedelta = timedelta(seconds=15),
        longest: timedelta = timedelta(minutes=10),
    ) -> None:
        self._clock = clock
        self._most = failures
        self._first = first
        self._longest = longest
        self._failures = 0
        self._open_until: datetime | None = None

    @property
    def tripped(self) -> bool:
        """Whether it opened and no try has gone well since."""
        return self._failures >= self._most

    @property
    def closed_in(self) -> timedelta:
        """How long until the next try is allowed; zero when one is."""
        if self._open_until is None:
            return timedelta(0)
        # No longer than it can have been opened for, should the clock have been set back.
        return min(max(self._open_until - self._clock.now(), timedelta(0)), self._longest)

    def failed(self, at_least: timedelta = timedelta(0)) -> None:
        """Count a failure. `at_least` is what the other side asked for; it holds from the first failure."""
        self._failures += 1
        over = self._failures - self._most
        growing = self._first * 2 ** min(over, 16) if over >= 0 else timedelta(0)
        pause = min(max(growing, at_least), self._longest)
        if pause > timedelta(0):
            self._open_until = self._clock.now() + pause

    def succeeded(self) -> None:
        """Count from the start again."""
        self._failures = 0
        self._open_until = None

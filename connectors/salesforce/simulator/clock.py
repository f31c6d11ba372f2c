"""The time of the simulated org. Tests stand it still and move it; a served org follows the real one.

Everything in the org that depends on time asks this clock: record stamps, session timeouts, the retention of
events, the rolling windows of limits, held connects.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

__all__ = ["LiveClock", "SimClock"]


class SimClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)) -> None:
        self._now = start.astimezone(UTC)
        self._watchers: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """Give the org's moment, aware and in UTC."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on by a while, and tell whoever waits for a moment."""
        self._move(by)
        for watcher in tuple(self._watchers):
            watcher()

    def set(self, moment: datetime) -> None:
        """Move to a moment."""
        self.advance(moment - self.now())

    def watch(self, watcher: Callable[[], None]) -> None:
        """Have `watcher` called after each move."""
        self._watchers.append(watcher)

    def _move(self, by: timedelta) -> None:
        self._now += by


class LiveClock(SimClock):
    """A clock that goes with the machine's, ahead of it by what it was moved."""

    def __init__(self, ahead: timedelta = timedelta(0)) -> None:
        super().__init__()
        self._ahead = ahead

    def now(self) -> datetime:
        """Give the org's moment, aware and in UTC."""
        return datetime.now(UTC) + self._ahead

    def _move(self, by: timedelta) -> None:
        self._ahead += by

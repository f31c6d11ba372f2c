"""Which workflows enrol so many deals at once that nobody can have meant it."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from processors.catalogue import Catalogue

_WINDOW = timedelta(minutes=1)


class Rush:
    """Counts the enrolments of the last minute, by the timestamps of their records."""

    def __init__(self) -> None:
        self._enrolled: dict[str, deque[datetime]] = {}

    def crowded(self, catalogue: Catalogue, at: datetime) -> frozenset[str]:
        """Give the workflows whose further runs are to be held at a moment."""
        return frozenset(
            active.version.name
            for active in catalogue.active()
            if self._within(active.version.name, at) >= active.version.workflow.trigger.hold_over
        )

    def count(self, workflows: Iterable[str], at: datetime) -> None:
        """Note enrolments."""
        for name in workflows:
            self._enrolled.setdefault(name, deque()).append(at)

    def _within(self, name: str, at: datetime) -> int:
        moments = self._enrolled.get(name, deque())
        while moments and moments[0] <= at - _WINDOW:
            moments.popleft()
        return len(moments)

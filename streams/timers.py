"""When the runs of this worker want to be woken: a heap of due times, kept beside the runs' table.

Nothing is decided here: a due timer becomes a `timer.due` record in the inbox, and the engine ignores one
that is stale. Firing twice is one effect, and firing late is allowed. The heap is rebuilt whenever partitions
have come or gone.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

_HUSKS_ALLOWED = 1000


@dataclass(frozen=True, slots=True, order=True)
class Timer:
    """Something of a run that falls due. `key` is the Kafka key of the run's opportunity."""

    due: datetime
    id: str
    run_id: str
    key: str


class TimerHeap:
    """The timers of each key; only the latest set of a key counts.

    A cancelled timer stays in the heap as a husk, which costs nothing until it comes up; when the husks
    outnumber the timers that are held, the heap is made anew, so that it never has more than about twice as
    many places as there are timers.
    """

    def __init__(self) -> None:
        self._of: dict[str, frozenset[Timer]] = {}
        self._heap: list[tuple[datetime, str, Timer]] = []
        self._held = 0

    def __len__(self) -> int:
        return self._held

    @property
    def places(self) -> int:
        """How many places the heap has, husks among them."""
        return len(self._heap)

    def rebuild(self, timers: Iterable[Timer]) -> None:
        """Forget all and hold these."""
        found: dict[str, set[Timer]] = {}
        for timer in timers:
            found.setdefault(timer.key, set()).add(timer)
        self._of = {key: frozenset(held) for key, held in found.items()}
        self._held = sum(len(held) for held in self._of.values())
        self._sweep()

    def replace(self, key: str, timers: Iterable[Timer]) -> None:
        """Hold these for the key, and none else."""
        before = self._of.get(key, frozenset())
        now = frozenset(timers)
        self._hold(key, now, before)
        for timer in now - before:
            heapq.heappush(self._heap, (timer.due, timer.id, timer))
        if len(self._heap) > 2 * self._held + _HUSKS_ALLOWED:
            self._sweep()

    def due(self, now: datetime, *, at_most: int | None = None) -> list[Timer]:
        """Take out what is due, soonest first; after an outage that may be more than is wanted at once."""
        taken: list[Timer] = []
        while self._heap and self._heap[0][0] <= now and (at_most is None or len(taken) < at_most):
            _, _, timer = heapq.heappop(self._heap)
            held = self._of.get(timer.key, frozenset())
            if timer in held:
                taken.append(timer)
                self._hold(timer.key, held - {timer}, held)
        return taken

    def _hold(self, key: str, now: frozenset[Timer], before: frozenset[Timer]) -> None:
        self._held += len(now) - len(before)
        if now:
            self._of[key] = now
        else:
            self._of.pop(key, None)

    def _sweep(self) -> None:
        """Make the heap anew, of what is held."""
        self._heap = [(timer.due, timer.id, timer) for held in self._of.values() for timer in held]
        heapq.heapify(self._heap)

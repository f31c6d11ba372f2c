"""When the runs of this worker want to be woken: a heap of due times, kept beside the runs' table.

Nothing is decided here: a due timer becomes a `timer.due` record in the inbox, and the engine ignores one
that is stale. Firing twice is one effect, and firing late is allowed. The heap is rebuilt whenever partitions
have come or gone.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Timer:
    """Something of a run that falls due. `key` is the Kafka key of the run's opportunity."""

    due: datetime
    id: str
    run_id: str
    key: str


class TimerHeap:
    """The timers of each key; only the latest set of a key counts."""

    def __init__(self) -> None:
        self._of: dict[str, frozenset[Timer]] = {}
        self._heap: list[Timer] = []

    def __len__(self) -> int:
        return sum(len(timers) for timers in self._of.values())

    def rebuild(self, timers: Iterable[Timer]) -> None:
        """Forget all and hold these."""
        found: dict[str, set[Timer]] = {}
        for timer in timers:
            found.setdefault(timer.key, set()).add(timer)
        self._of = {key: frozenset(held) for key, held in found.items()}
        self._heap = [timer for held in self._of.values() for timer in held]
        heapq.heapify(self._heap)

    def replace(self, key: str, timers: Iterable[Timer]) -> None:
        """Hold these for the key, and none else."""
        before = self._of.get(key, frozenset())
        now = frozenset(timers)
        if now:
            self._of[key] = now
        else:
            self._of.pop(key, None)
        for timer in now - before:
            heapq.heappush(self._heap, timer)

    def due(self, now: datetime) -> list[Timer]:
        """Take out what is due, soonest first."""
        taken = []
        while self._heap and self._heap[0].due <= now:
            timer = heapq.heappop(self._heap)
            held = self._of.get(timer.key, frozenset())
            if timer in held:
                taken.append(timer)
                self._of[timer.key] = held - {timer}
                if not self._of[timer.key]:
                    del self._of[timer.key]
        return taken

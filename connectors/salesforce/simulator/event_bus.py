"""What is posted to be heard, and retained for a while: platform events, notifications, generic events."""

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from connectors.salesforce.simulator.clock import SimClock

__all__ = ["EventBus", "Posted"]

_LARGEST_STEP = 4


@dataclass(frozen=True, slots=True)
class Posted:
    """One event. `name` is that of its channel, without the prefix; `body` is JSON."""

    replay_id: int
    name: str
    uuid: str
    at: datetime
    body: Mapping[str, Any]
    kind: str = ""
    """What happened to the record that it tells of, if it does: created, updated, deleted, undeleted."""


class EventBus:
    """Events in the order of their posting. Replay ids rise, with gaps."""

    def __init__(self, clock: SimClock, seed: str, retention: timedelta) -> None:
        self._clock = clock
        self._retention = retention
        # Chance that must repeat with the seed; nothing secret hangs on it.
        self._random = random.Random(seed)  # noqa: S311 - see above
        self._events: list[Posted] = []
        self._last = self._random.randrange(1_000)
        self._watchers: list[Callable[[], None]] = []

    @property
    def newest(self) -> int:
        """The replay id up to which everything has been posted."""
        return self._last

    def knows(self, replay_id: int) -> bool:
        """Say whether a subscription may resume after this id: it is retained."""
        at = self._after(replay_id)
        return at > 0 and self._events[at - 1].replay_id == replay_id

    def after(self, replay_id: int) -> Iterator[Posted]:
        """Give the retained events after an id, oldest first."""
        for at in range(self._after(replay_id), len(self._events)):
            yield self._events[at]

    def post(self, name: str, body: Mapping[str, Any], *, kind: str = "") -> Posted:
        """Post an event, and give it."""
        self._last += self._random.randrange(1, _LARGEST_STEP)
        uuid = str(UUID(int=self._random.getrandbits(128), version=4))
        posted = Posted(self._last, name, uuid, self._clock.now(), body, kind)
        self._events.append(posted)
        for watcher in tuple(self._watchers):
            watcher()
        return posted

    def watch(self, watcher: Callable[[], None]) -> None:
        """Have `watcher` called after each post."""
        self._watchers.append(watcher)

    def _after(self, replay_id: int) -> int:
        oldest = self._clock.now() - self._retention
        gone = 0
        while gone < len(self._events) and self._events[gone].at < oldest:
            gone += 1
        del self._events[:gone]
        return bisect_right(self._events, replay_id, key=lambda each: each.replay_id)

"""How far an app has committed its input, and whether it still moves."""

from collections.abc import Mapping
from typing import Any

Place = tuple[str, int]


def positions(app: Any) -> Mapping[Place, tuple[int, int]]:
    """Give committed and end offset of every input partition the app holds, as far as they are known.

    Nothing is known while partitions come and go.
    """
    if not app.started or app.rebalancing or not app.tables.recovery.completed.is_set():
        return {}
    consumer = app.consumer
    changelogs = app.tables.changelog_topics
    found = {}
    for tp in consumer.assignment():
        if tp.topic in changelogs:
            continue
        try:
            end = consumer.highwater(tp)
        except (AssertionError, AttributeError):
            continue  # aiokafka's way to say that the partition has just gone to another worker
        committed = consumer._committed_offset[tp]  # noqa: SLF001  # Faust shows read offsets, not these
        if end is not None:
            found[tp.topic, tp.partition] = (committed or 0, end)
    return found


def lag(found: Mapping[Place, tuple[int, int]]) -> int:
    """Give how many records are not committed."""
    return sum(max(0, end - committed) for committed, end in found.values())


class StallWatch:
    """Tells partitions whose commit stands still although there is something to do.

    Faust is known to stop reading a partition, or committing it, until it is started again.
    """

    def __init__(self, patience_seconds: float) -> None:
        self._patience = patience_seconds
        self._since: dict[Place, tuple[int, float]] = {}

    def stalled(self, found: Mapping[Place, tuple[int, int]], now: float) -> list[Place]:
        """Look at the positions; `now` is monotonic seconds."""
        self._since = {place: seen for place, seen in self._since.items() if place in found}
        for place, (committed, end) in found.items():
            before = self._since.get(place)
            if before is None or before[0] != committed or committed >= end:
                self._since[place] = (committed, now)
        return sorted(place for place, (_, since) in self._since.items() if now - since > self._patience)

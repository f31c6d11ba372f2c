"""How far a reader has carried a topic into the history."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Slice:
    """What lies in a partition from offset `start` up to, not including, `end`; `behind` lie after it."""

    topic: str
    partition: int
    start: int
    end: int
    behind: int = 0


@dataclass(frozen=True, slots=True)
class HistoryState:
    """The moment that every partition was carried in up to, save for `behind` records known to be left."""

    as_of: datetime
    behind: int

"""Which inputs may be acknowledged: per partition, the finished ones with nothing unfinished before them."""

from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Entry(Generic[T]):
    """An input and whether it is finished."""

    partition: Hashable
    item: T
    finished: bool = False


class Progress(Generic[T]):
    """Gives inputs back in the order they were begun, each as soon as all before it are finished.

    Faust's committer can step over one unfinished offset; it cannot if acknowledgements come in order.
    """

    def __init__(self) -> None:
        self._open: dict[Hashable, deque[Entry[T]]] = {}

    def begin(self, partition: Hashable, item: T) -> Entry[T]:
        """Take an input in."""
        entry = Entry(partition, item)
        self._open.setdefault(partition, deque()).append(entry)
        return entry

    def finish(self, entry: Entry[T]) -> Iterator[T]:
        """Mark an input finished, and give those that may be acknowledged now."""
        entry.finished = True
        waiting = self._open[entry.partition]
        while waiting and waiting[0].finished:
            yield waiting.popleft().item
        if not waiting:
            self._open.pop(entry.partition, None)

"""Dead letters page by page: those still aside, the oldest first; those dealt with, the latest first."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple, Self

from processors.dead_letters import Board, Filter
from schemas.dead_letter import Letter, Mark
from schemas.errors import UsageError

_SPOT = re.compile(r"(-?\d{1,18})_(\d{1,18})_(\d{1,18})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Dealt = tuple[Letter, Mark | None]


class Spot(NamedTuple):
    """Where a letter stands in one of the two lists. It keeps its spot, whatever comes or goes."""

    first: int
    second: int
    third: int

    def __str__(self) -> str:
        return f"{self.first}_{self.second}_{self.third}"

    @classmethod
    def of(cls, letter: Letter, mark: Mark | None) -> Self:
        """Give the spot of a letter: by its seat, or by when it was dealt with."""
        return cls(*_place((letter, mark)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a spot as `str` wrote it. Raises `UsageError`."""
        found = _SPOT.fullmatch(text)
        if found is None:
            raise UsageError(
                f"{text[:60]!r} is no place in a list of letters", todo="Give what the page before gave."
            )
        return cls(*(int(part) for part in found.groups()))


def page(
    board: Board, wanted: Filter, *, dealt_with: bool, after: Spot | None, limit: int
) -> tuple[Sequence[Dealt], bool]:
    """Give one page of the letters that are wanted, after a spot, and whether there are more."""
    held: list[Dealt] = []
    if dealt_with:
        held += list(board.dealt_with.values())
    else:
        held += [(letter, None) for letter in list(board.aside.values())]
    held.sort(key=_place)
    begin = bisect_right(held, tuple(after), key=_place) if after is not None else 0
    meant = (each for each in islice(held, begin, None) if wanted.means(each[0]))
    found = list(islice(meant, limit + 1))
    return found[:limit], len(found) > limit


def _place(dealt: Dealt) -> tuple[int, int, int]:
    letter, mark = dealt
    if mark is None:
        return letter.seat, letter.place.partition, 0
    return -round((mark.at - _EPOCH).total_seconds()), letter.place.partition, letter.place.offset

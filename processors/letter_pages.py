"""Dead letters page by page: those still aside, the oldest first; those dealt with, the latest first."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
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
        if mark is None:
            return cls(letter.seat, letter.place.partition, 0)
        return cls(-round((mark.at - _EPOCH).total_seconds()), letter.place.partition, letter.place.offset)

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
    held: list[Dealt] = (
        list(board.dealt_with.values()) if dealt_with else [(letter, None) for letter in board.aside.values()]
    )
    found = sorted(
        ((Spot.of(*each), each) for each in held if wanted.means(each[0])), key=lambda pair: pair[0]
    )
    rest = [each for spot, each in found if after is None or spot > after]
    return rest[:limit], len(rest) > limit

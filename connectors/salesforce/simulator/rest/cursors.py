"""Query results that are not read to their end: kept for two days, asked for by their locator."""

import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.salesforce.simulator.clock import SimClock
from connectors.salesforce.simulator.ids import IdMint
from connectors.salesforce.simulator.objects.types import Row
from connectors.salesforce.simulator.rest.reply import ApiError
from connectors.salesforce.simulator.soql.plan import Shape

__all__ = ["Cursor", "Cursors"]

_LIFE = timedelta(days=2)
# The oldest give way: a client that never reads to the end must not fill the memory.
_MOST = 200
_LOCATOR = re.compile(r"(01g[0-9A-Za-z]{15})-(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A result: its rows, what to show of them, and whose it is."""

    key: str
    user_id: str
    shape: Shape
    rows: list[Row]
    opened: datetime

    def locator(self, offset: int) -> str:
        """Name the place in the result where the next page begins."""
        return f"{self.key}-{offset}"


class Cursors:
    """The open results of an org."""

    def __init__(self, clock: SimClock, seed: int) -> None:
        self._clock = clock
        self._mint = IdMint(seed)
        self._open: OrderedDict[str, Cursor] = OrderedDict()

    def make(self, user_id: str, shape: Shape, rows: list[Row]) -> Cursor:
        """Make a cursor over a result; it is not kept yet."""
        return Cursor(self._mint.mint("01g"), user_id, shape, rows, self._clock.now())

    def keep(self, cursor: Cursor) -> None:
        """Keep a cursor for whoever asks for the next page."""
        self._open[cursor.key] = cursor
        while len(self._open) > _MOST:
            self._open.popitem(last=False)

    def find(self, locator: str, user_id: str) -> tuple[Cursor, int]:
        """Give the result and the offset that a locator names. Raises `ApiError` (INVALID_QUERY_LOCATOR)."""
        match = _LOCATOR.fullmatch(locator)
        cursor = None if match is None else self._open.get(match[1])
        if match is None or cursor is None or cursor.user_id != user_id:
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        if self._clock.now() - cursor.opened >= _LIFE:
            del self._open[cursor.key]
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        offset = int(match[2])
        if offset > len(cursor.rows):
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return cursor, offset

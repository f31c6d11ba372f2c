"""How often a link is followed: whoever has one cannot keep Kafka busy with it."""

from collections import OrderedDict
from datetime import datetime, timedelta

from schemas.errors import RefusedError

_MOST_VISITS = 60
_WITHIN = timedelta(minutes=1)
_MOST_LINKS = 10_000


class TooOftenError(RefusedError):
    """A link is followed too often."""


class Visits:
    """Counts the visits of each link by the minute, in this process; only of links that we signed.

    It remembers the latest `links`, so that those who have many cannot fill the memory.
    """

    def __init__(self, most: int = _MOST_VISITS, *, links: int = _MOST_LINKS) -> None:
        self._most, self._links = most, links
        self._counted: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def count(self, link: str, now: datetime) -> None:
        """Count a visit. Raises `TooOftenError`."""
        since, visits = self._counted.pop(link, (now, 0))
        if now - since >= _WITHIN:
            since, visits = now, 0
        self._counted[link] = since, visits + 1
        if len(self._counted) > self._links:
            self._counted.popitem(last=False)
        if visits >= self._most:
            raise TooOftenError("This page is asked for too often. Come again in a minute.")

"""How far a long reading came, written as a position, so that a checkpoint keeps it. Pure."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.ports import RETAINED_EDGE
from connectors.salesforce.polling.position import literal
from connectors.salesforce.readback.needs import MARGIN
from schemas.errors import GapError

__all__ = ["Reading", "after_missing", "reading_of"]

_MOMENT = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"
_MARK = "read back"
_FORM = re.compile(rf"{_MARK}\|([a-z ]+)\|{_MOMENT}\|{_MOMENT}\|([0-9A-Za-z]{{18}})?\|(.*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """Deals touched since a moment are read back; done are those up to a stamp and an id of that stamp.

    The subscription goes on after `then`, a position of its own.
    """

    reason: str
    since: datetime
    stamp: datetime
    record_id: str
    then: str

    def __str__(self) -> str:
        moments = f"{literal(self.since)}|{literal(self.stamp)}"
        return f"{_MARK}|{self.reason}|{moments}|{self.record_id}|{self.then}"

    def at(self, stamp: datetime, record_id: str) -> "Reading":
        """Give the same reading, further on."""
        return replace(self, stamp=stamp, record_id=record_id)


def after_missing(since: datetime | None) -> str:
    """Give the position to resume at where all events after a moment may be missing.

    It is before the oldest event retained, after the deals touched since then have been read back.
    """
    if since is None:
        return RETAINED_EDGE
    begins = since - MARGIN
    return str(Reading("expired position", begins, begins, "", RETAINED_EDGE))


def reading_of(position: str, *, on: str) -> Reading | None:
    """Read what `str` wrote; None for a subscription's own position. Raises `GapError` for a broken one."""
    if not position.startswith(f"{_MARK}|"):
        return None
    match = _FORM.fullmatch(position)
    if match is not None:
        try:
            since, stamp = datetime.fromisoformat(match[2]), datetime.fromisoformat(match[3])
        except ValueError:
            pass
        else:
            return Reading(match[1], since, stamp, match[4] or "", match[5])
    raise GapError(f"{position[:80]!r} is no position", on=on, todo="What changed lately is read back.")

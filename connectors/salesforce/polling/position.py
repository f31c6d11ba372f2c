"""A place among an org's deals, in the order in which they were last touched. Pure."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from schemas.errors import GapError
from schemas.ids import is_salesforce_id

__all__ = ["Position", "literal", "read_position"]

_MOMENT = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"
_FORM = re.compile(f"{_MOMENT}/([0-9A-Za-z]{{18}})/{_MOMENT}", re.ASCII)
_EARLIEST = datetime(1999, 1, 1, tzinfo=UTC)
"""No org is older, and SOQL knows no dates before 1700."""


@dataclass(frozen=True, slots=True)
class Position:
    """After the deal of this id among those of this SystemModstamp; without an id, before all of them.

    Everything of before `final` was told by then: whoever resumes here looks back as far as that. It lags
    behind `stamp`, since a deal may appear late, and since one that was touched last may have entered a
    stage long before.
    """

    stamp: datetime
    record_id: str
    final: datetime

    def __str__(self) -> str:
        return f"{literal(self.stamp)}/{self.record_id}/{literal(self.final)}"

    def at(self, stamp: datetime, record_id: str) -> "Position":
        """Give another place that was reached while everything before `final` was told."""
        return replace(self, stamp=stamp, record_id=record_id)


def literal(moment: datetime) -> str:
    """Write a moment as SOQL does, in milliseconds, which are all that Salesforce keeps."""
    at = moment.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def read_position(text: str, *, on: str) -> Position:
    """Read what `str` wrote. Raises `GapError` for anything else, such as another transport's position."""
    match = _FORM.fullmatch(text)
    if match is not None and is_salesforce_id(match[2]):
        stamp, final = _moment(match[1]), _moment(match[3])
        if stamp is not None and final is not None and _EARLIEST <= final <= stamp:
            return Position(stamp, match[2], final)
    raise GapError(
        f"{text[:80]!r} is no position of this transport",
        on=on,
        todo="What changed lately is read again.",
    )


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None

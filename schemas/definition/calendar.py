"""When people work: time zone, hours and holidays, for deadlines that count only that time."""

import re
from datetime import date, time
from difflib import get_close_matches
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field, model_validator

from schemas.base import Part
from schemas.definition.durations import Duration

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_RANGE = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")


def ranges(text: str) -> tuple[tuple[time, time], ...]:
    """Read opening hours such as `09:00-12:00, 13:00-17:00`. Raises `ValueError` saying what is wrong."""
    found: list[tuple[time, time]] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()!r} is not a range of hours; write 09:00-17:00")
        opens, closes = (time.fromisoformat(each) for each in match.groups())
        if opens >= closes or (found and opens < found[-1][1]):
            raise ValueError(f"{part.strip()!r} ends before it begins, or before the range in front of it")
        found.append((opens, closes))
    return tuple(found)


def _hours(text: str) -> str:
    ranges(text)
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = get_close_matches(name, available_timezones(), n=1)
        hint = f"; did you mean {near[0]}?" if near else "; write one as Europe/Oslo"
        raise ValueError(f"there is no time zone {name}{hint}") from None
    return name


TimeZone = Annotated[str, AfterValidator(_zone)]
"""A time zone by its IANA name."""


class Calendar(Part):
    """Working time: `hours` by weekday in a time zone, without the `holidays`."""

    kind: Literal["calendar"]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    time_zone: TimeZone
    hours: Annotated[dict[Weekday, Annotated[str, AfterValidator(_hours)]], Field(min_length=1)]
    holidays: Annotated[tuple[date, ...], Field(max_length=2000)] = ()

    @model_validator(mode="after")
    def _some_day_is_open(self) -> Self:
        if len(set(self.holidays)) != len(self.holidays):
            raise ValueError("a holiday stands twice")
        return self


class BusinessTime(Part):
    """A length of time that counts only the working time of a calendar."""

    after: Duration
    calendar: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]


Deadline = Duration | BusinessTime
"""How long until something is due: by the clock (`2d`), or by a calendar (`{after: 2d, calendar: oslo}`)."""

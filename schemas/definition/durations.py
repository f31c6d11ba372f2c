"""Lengths of time as people write them: `90s`, `15m`, `2h`, `3d`, `1w`, `1d12h`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator

_PARTS = re.compile(r"(\d{1,8})([wdhms])")
_WHOLE = re.compile(r"(?:\d{1,8}[wdhms])+")
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
LONGEST = timedelta(days=400)


def parts(text: str) -> tuple[tuple[int, str], ...]:
    """Give a duration's numbers with their units, in the order they are written."""
    return tuple((int(number), unit) for number, unit in _PARTS.findall(text))


def seconds(text: str) -> timedelta:
    """Give a duration's length, by the clock."""
    return sum((timedelta(**{_UNITS[unit]: number}) for number, unit in parts(text)), timedelta())


def _checked(text: str) -> str:
    if not _WHOLE.fullmatch(text):
        raise ValueError("write a length of time as 90s, 15m, 2h, 3d, 1w or 1d12h")
    if not timedelta() < seconds(text) <= LONGEST:
        raise ValueError(f"a length of time is more than nothing and at most {LONGEST.days} days")
    return text


Duration = Annotated[str, AfterValidator(_checked)]
"""A length of time: numbers with w, d, h, m or s; at most 400 days."""

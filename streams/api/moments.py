"""Moments and days that come from outside: written out, with their offset; never a bare number."""

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator

from schemas.base import Moment

_WRITTEN = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII
)  # RFC 3339, and a little of what people type instead
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _written(value: object) -> object:
    # A number would be taken for seconds or milliseconds since the epoch, whichever fits: nobody meant that.
    if not isinstance(value, str) or not _WRITTEN.fullmatch(value):
        raise ValueError("a moment is written as 2026-01-31T09:00:00Z")
    return value


def _written_day(value: object) -> object:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("a day is written as 2026-01-31")
    return value


WrittenMoment = Annotated[Moment, BeforeValidator(_written)]
"""A moment as RFC 3339 has it."""
WrittenDay = Annotated[date, BeforeValidator(_written_day)]
"""A day as RFC 3339 has it."""

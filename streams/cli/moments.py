"""Moments as a person types them: so long ago, or a date with or without a time."""

import re
from datetime import UTC, datetime, timedelta

from schemas.errors import UsageError

_AGO = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def moment(text: str, now: datetime) -> datetime | None:
    """Read `30m`, `2h`, `3d` as that long before `now`, else ISO 8601, in UTC if it has no zone; "" is None.

    Raises `UsageError`.
    """
    if not text:
        return None
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no moment", todo="Write one like 30m, 2h, 3d (ago), or 2026-09-14T08:30."
        ) from None

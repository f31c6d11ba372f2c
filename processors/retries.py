"""When to try again, or that it is time to ask a person. Chance comes from the ids."""

from datetime import datetime, timedelta
from hashlib import sha256

ATTEMPTS = 8
_FIRST = timedelta(seconds=2)
_LONGEST = timedelta(minutes=15)


def retry_at(
    command_id: str, attempt: int, at: datetime, not_before: datetime | None = None
) -> datetime | None:
    """Give when attempt `attempt + 1` is due, or None when there have been enough.

    The pause doubles from two seconds to a quarter of an hour, give or take a fifth, and is never shorter
    than what the sink asked for.
    """
    if attempt >= ATTEMPTS:
        return None
    pause = min(_LONGEST, _FIRST * 2 ** (attempt - 1))
    chance = int.from_bytes(sha256(f"{command_id}:{attempt}".encode()).digest()[:4]) / 2**32
    due: datetime = at + pause * (0.8 + 0.4 * chance)
    return due if not_before is None else max(due, not_before)

"""When to try again, or that it is time to ask a person. Chance comes from the ids."""

from datetime import datetime
from hashlib import sha256

from schemas.definition.durations import seconds
from schemas.definition.retry import Retry

_USUAL = Retry()
ATTEMPTS = _USUAL.attempts


def retry_at(
    command_id: str,
    attempt: int,
    at: datetime,
    not_before: datetime | None = None,
    policy: Retry | None = None,
) -> datetime | None:
    """Give when attempt `attempt + 1` is due, or None when there have been enough.

    The pause doubles, by the usual policy from two seconds to a quarter of an hour, give or take a fifth, and
    is never shorter than what the sink asked for.
    """
    policy = policy or _USUAL
    if attempt >= policy.attempts:
        return None
    pause = min(seconds(policy.longest), seconds(policy.first) * 2 ** (attempt - 1))
    chance = int.from_bytes(sha256(f"{command_id}:{attempt}".encode()).digest()[:4]) / 2**32
    due: datetime = at + pause * (0.8 + 0.4 * chance)
    return due if not_before is None else max(due, not_before)

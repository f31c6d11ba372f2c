"""How a record that cannot be processed is set aside: its own bytes and key, and why it is here."""

from collections.abc import Sequence
from datetime import datetime

from schemas.errors import DealwireError
from streams.job import Headers, Origin
from streams.logs import masked

TOPIC = "dead-letters"
_LONGEST_REASON = 1000
_PREFIX = "deadletter_"


def headers(
    original: Headers, origin: Origin, error: Exception, *, agent: str, at: datetime
) -> Sequence[tuple[str, bytes]]:
    """Give the headers of a dead letter: those it had, then origin, reason, agent and time.

    A record that was a dead letter before keeps only its latest reason.
    """
    reason = str(error) if isinstance(error, DealwireError) else f"{type(error).__name__}: {error}"
    ours = {
        "reason": masked(reason)[:_LONGEST_REASON],
        "error": type(error).__name__,
        "topic": origin.topic,
        "partition": str(origin.partition),
        "offset": str(origin.offset),
        "agent": agent,
        "time": at.isoformat().replace("+00:00", "Z"),
    }
    kept = [(name, value) for name, value in original if not name.startswith(_PREFIX)]
    return [*kept, *((f"{_PREFIX}{name}", value.encode()) for name, value in ours.items())]

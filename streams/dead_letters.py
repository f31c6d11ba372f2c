"""The headers of dead letters: of a record set aside, of the mark about it, of the record sent back."""

from collections.abc import Sequence
from datetime import datetime

from schemas.dead_letter import PREFIX, Kind, Letter, Place
from schemas.errors import DealwireError
from streams.job import Headers, Origin
from streams.logs import masked

_LONGEST_REASON = 1000
_CARRIED = ("seat", "redrives")
"""What a record that was sent back brings with it, and takes along if it fails again at the same agent."""


def headers(
    original: Headers,
    origin: Origin,
    error: Exception,
    *,
    agent: str,
    at: datetime,
    holds: bool = False,
    failing: tuple[int, int] = (0, 0),
) -> Sequence[tuple[str, bytes]]:
    """Give the headers of a dead letter: those it had, then origin, reason, agent and time.

    A record that was a dead letter before keeps only its latest reason. `holds` says that later records of
    its key are parked behind it; `failing` is how many failed of how many last records.
    """
    reason = str(error) if isinstance(error, DealwireError) else f"{type(error).__name__}: {error}"
    ours = {
        "reason": masked(reason)[:_LONGEST_REASON],
        "error": type(error).__name__,
        "topic": origin.topic,
        "partition": str(origin.partition),
        "offset": str(origin.offset),
        "agent": agent,
        "time": _text(at),
        **({"holds": "key"} if holds else {}),
        **({"failing": f"{failing[0]}/{failing[1]}"} if failing[1] else {}),
    }
    before = dict(original)
    if before.get(f"{PREFIX}agent") == agent.encode():
        kept = {f"{PREFIX}{name}" for name in _CARRIED}
    else:
        kept = set()
    left = [(name, value) for name, value in original if name in kept or not name.startswith(PREFIX)]
    return [*left, *_encoded(ours)]


def sent_back(letter: Letter, original: Headers) -> Sequence[tuple[str, bytes]]:
    """Give the headers of a letter's record on its way back: its own, and which letter it was."""
    ours = {
        "agent": letter.agent,
        "seat": f"{letter.place.partition}:{letter.seat}",
        "redrives": str(letter.redrives + 1),
    }
    own = [(name, value) for name, value in original if not name.startswith(PREFIX)]
    return [*own, *_encoded(ours)]


def mark(
    letter: Letter, kind: Kind, *, actor: str, at: datetime, why: str = "", to: Place | None = None
) -> Sequence[tuple[str, bytes]]:
    """Give the headers of a mark about a letter."""
    ours = {"mark": kind.value, "of": letter.identity, "time": _text(at), "actor": actor}
    if why:
        ours["why"] = why
    if to is not None:
        ours |= {"to_topic": to.topic, "to_partition": str(to.partition), "to_offset": str(to.offset)}
    return _encoded(ours)


def _encoded(ours: dict[str, str]) -> list[tuple[str, bytes]]:
    return [(f"{PREFIX}{name}", value.encode()) for name, value in ours.items()]


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")

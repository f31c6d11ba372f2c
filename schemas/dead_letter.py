"""What lies in the topic `dead-letters`: letters, and the marks that say who dealt with one and how.

A letter is the record as it was (key, bytes, headers) with headers of ours beside; a mark has no bytes and
only such headers. Nothing is ever taken away: a letter is still aside until a mark about it follows. A mark
lies in the partition of its letter, so that the two are read in order.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from sys import intern

__all__ = ["PARKED", "PREFIX", "TOPIC", "Kind", "Letter", "Mark", "Place", "identity", "read", "seat_of"]

TOPIC = "dead-letters"
PREFIX = "deadletter_"
"""Headers of ours in letters, in marks, and in a record that was sent back."""
PARKED = "ParkedError"
"""The error of a letter that is here only because an earlier one of its key is."""

_SEAT = re.compile(r"(\d+):(\d+)")
Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies. `topic` is its full name; what was never in Kafka is at offset -1."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """Write it as an operator would look it up."""
        return f"{self.topic}[{self.partition}]@{self.offset}"


class Kind(StrEnum):
    """How a letter was dealt with."""

    REDRIVEN = "redriven"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One record set aside by one agent. Its bytes and headers stay in Kafka: they may be megabytes.

    `seat` is the offset of the first letter about this record, kept when it was sent back and failed again:
    the letters of a key in the order of their seats are its records in the order they first came. `holds`
    says that the agent parks later records of the key behind it; `failing` how many failed of how many last
    records of the worker that set it aside.
    """

    place: Place
    key: bytes
    size: int
    origin: Place
    agent: str
    reason: str
    error: str
    at: datetime
    seat: int
    redrives: int = 0
    holds: bool = False
    failing: tuple[int, int] = (0, 0)

    @property
    def id(self) -> str:
        """Give the name an operator types: partition and offset in `dead-letters`."""
        return f"{self.place.partition}:{self.place.offset}"

    @property
    def identity(self) -> str:
        """Give what a mark names: the same for every letter about this arrival of the record."""
        return identity(self.agent, self.origin if self.origin.offset >= 0 else self.place)

    @property
    def parked(self) -> bool:
        """Whether nothing is wrong with the record itself."""
        return self.error == PARKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Somebody dealt with a letter. `to` is where a redriven record lies now."""

    place: Place
    kind: Kind
    of: str
    at: datetime
    actor: str
    why: str = ""
    to: Place | None = None


def seat_of(headers: Headers, agent: str) -> int | None:
    """Give the seat of the letter that a record was before, if it was sent back to this agent."""
    ours = dict(headers)
    if ours.get(f"{PREFIX}agent") != agent.encode():
        return None
    seat = _SEAT.fullmatch(ours.get(f"{PREFIX}seat", b"").decode(errors="replace"))
    return int(seat[2]) if seat is not None else None


def identity(agent: str, origin: Place) -> str:
    """Name the arrival of a record at an agent."""
    return f"{agent} {origin}"


def read(place: Place, key: bytes, size: int, headers: Headers) -> Letter | Mark | None:
    """Read one record of the topic; None if it is neither letter nor mark."""
    try:
        ours = {
            name.removeprefix(PREFIX): intern(value.decode())
            for name, value in headers
            if name.startswith(PREFIX)
        }
        return _mark(place, ours) if "mark" in ours else _letter(place, key, size, ours)
    except (KeyError, ValueError):
        return None


def _letter(place: Place, key: bytes, size: int, ours: Mapping[str, str]) -> Letter:
    seat = _SEAT.fullmatch(ours.get("seat", ""))
    failed, _, of = ours.get("failing", "0/0").partition("/")
    same = seat is not None and int(seat[1]) == place.partition
    return Letter(
        place=place,
        key=key,
        size=size,
        origin=Place(ours["topic"], int(ours["partition"]), int(ours["offset"])),
        agent=ours["agent"],
        reason=ours["reason"],
        error=ours["error"],
        at=datetime.fromisoformat(ours["time"]),
        seat=int(seat[2]) if seat is not None and same else place.offset,
        redrives=int(ours.get("redrives", "0")),
        holds=ours.get("holds") == "key",
        failing=(int(failed), int(of)),
    )


def _mark(place: Place, ours: Mapping[str, str]) -> Mark:
    to = None
    if "to_topic" in ours:
        to = Place(ours["to_topic"], int(ours["to_partition"]), int(ours["to_offset"]))
    return Mark(
        place=place,
        kind=Kind(ours["mark"]),
        of=ours["of"],
        at=datetime.fromisoformat(ours["time"]),
        actor=ours["actor"],
        why=ours.get("why", ""),
        to=to,
    )

"""How far a subscription is safely in Kafka, from acknowledgements that come in any order.

A checkpoint may only stand after an event when that event and all before it are acknowledged. Moments arrive
with the events; nothing here looks at a clock.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.change import Checkpoint

__all__ = [
    "AcknowledgedPrefix",
    "Place",
    "Ticket",
    "holding",
    "missing_since",
    "next_after",
    "place_of",
    "subscribed_since",
    "taken_over",
]

_CLOCKS_DIFFER = timedelta(minutes=15)
"""More than two clocks disagree, and more than an event takes from its commit to a quiet subscriber."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a subscription. `quiet_until` is the last moment known to have nothing after `replay_id`."""

    replay_id: str = ""
    last_event_at: datetime | None = None
    quiet_until: datetime | None = None


@dataclass(slots=True, eq=False)
class Ticket:
    """Something on its way, and what of the place it changes once it is acknowledged; None keeps a value."""

    replay_id: str | None = None
    last_event_at: datetime | None = None
    quiet_until: datetime | None = None
    done: bool = False


class AcknowledgedPrefix:
    """Events in the order they came; the place is after the last one before which nothing is missing."""

    def __init__(self, start: Place) -> None:
        self.place = start
        self._waiting: deque[Ticket] = deque()

    @property
    def in_flight(self) -> int:
        """How many events are not behind the place yet."""
        return len(self._waiting)

    def received(self, replay_id: str, at: datetime | None) -> Ticket:
        """Note an event; `at` is its commit time. Give its ticket back when all of it is acknowledged.

        One without a replay id moves nothing, but what comes after it waits for it.
        """
        ticket = Ticket(replay_id or None, at)
        self._waiting.append(ticket)
        return ticket

    def acknowledged(self, ticket: Ticket) -> bool:
        """Note that an event is in Kafka, all its records; tell whether the place moved."""
        ticket.done = True
        return self._advance()

    def quiet(self, at: datetime) -> bool:
        """Note a moment with nothing after the events so far; tell whether the place moved."""
        self._waiting.append(Ticket(quiet_until=at, done=True))
        return self._advance()

    def forgotten(self) -> bool:
        """Note that the org knows the position no more; tell whether the place moved."""
        self._waiting.append(Ticket(replay_id="", done=True))
        return self._advance()

    def _advance(self) -> bool:
        moved = False
        while self._waiting and self._waiting[0].done:
            first, before = self._waiting.popleft(), self.place
            self.place = Place(
                before.replay_id if first.replay_id is None else first.replay_id,
                first.last_event_at or before.last_event_at,
                first.quiet_until or before.quiet_until,
            )
            moved = True
        return moved


def holding(checkpoints: Iterable[Checkpoint]) -> Checkpoint | None:
    """Give the checkpoint that holds: the one with the highest epoch, then the highest sequence."""
    return max(checkpoints, key=lambda each: (each.epoch, each.sequence), default=None)


def taken_over(former: Checkpoint | None, org_id: str, channel: str) -> Checkpoint:
    """Give the checkpoint that a subscriber begins with: at the former place, in an epoch of its own."""
    epoch = 1 if former is None else former.epoch + 1
    begun = Checkpoint(id="", org_id=org_id, channel=channel, epoch=epoch, sequence=-1)
    return next_after(begun, Place() if former is None else place_of(former))


def place_of(checkpoint: Checkpoint) -> Place:
    """Give the place a checkpoint stands for."""
    return Place(checkpoint.replay_id, checkpoint.last_event_at, checkpoint.quiet_until)


def next_after(checkpoint: Checkpoint, place: Place) -> Checkpoint:
    """Give the checkpoint that follows another one of the same subscriber, at this place."""
    sequence = checkpoint.sequence + 1
    return Checkpoint(
        id=f"{checkpoint.org_id}:{checkpoint.channel}:{checkpoint.epoch}:{sequence}",
        org_id=checkpoint.org_id,
        channel=checkpoint.channel,
        replay_id=place.replay_id,
        epoch=checkpoint.epoch,
        sequence=sequence,
        last_event_at=place.last_event_at,
        quiet_until=place.quiet_until,
    )


def missing_since(place: Place) -> datetime | None:
    """Give the moment after which events may be missing if those after this place are not retained."""
    return min((at for at in (place.last_event_at, place.quiet_until) if at is not None), default=None)


def subscribed_since(place: Place) -> datetime | None:
    """Give the moment before which a subscription need hear nothing; None is: all that it can.

    A subscription that has heard no event yet has no position, so it resumes with all that is retained.
    What is much older than its last quiet moment it would have heard, had it come after its beginning.
    """
    if place.replay_id or place.last_event_at is not None or place.quiet_until is None:
        return None
    return place.quiet_until - _CLOCKS_DIFFER

"""Who of a queue may take an account now, and why the others may not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from processors.conditions import holds
from schemas.assignment import AssignCsm
from schemas.definition.queue import Absence, Member, Queue, identity
from schemas.errors import StepError

Absences = Mapping[str, Absence]
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Somebody who cannot take it.

    `back_at` is when they can, if only an absence stands in the way and it ends. `undecided` says that their
    condition could not be decided.
    """

    member: Member
    why: str
    back_at: datetime | None = None
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class Sifted:
    """The members of a queue in two, each in the queue's order."""

    free: Sequence[Member]
    passed_over: Sequence[PassedOver]


def sift(
    queue: Queue, command: AssignCsm, load: Mapping[str, int], at: datetime, absences: Absences
) -> Sifted:
    """Tell who may take what a command asks for, at a moment and with these loads."""
    excluded = {identity(email) for email in command.exclude}
    free: list[Member] = []
    passed_over: list[PassedOver] = []
    for member in queue.members:
        found = _hindered(member, command, excluded, load) or _absent(member, queue, at, absences)
        if found is None:
            free.append(member)
        else:
            passed_over.append(found)
    return Sifted(free, passed_over)


def away_until(member: Member, time_zone: str, at: datetime, absences: Absences) -> date | None:
    """Give the last day of an absence that holds now; None for somebody who is there.

    Absences that follow each other without a day between are one.
    """
    day = last = at.astimezone(ZoneInfo(time_zone)).date()
    spans = [(each.from_, each.to) for each in member.away]
    paused = absences.get(identity(member.email)) if member.email else None
    if paused is not None and paused.until is not None:
        spans.append((date.min, paused.until))
    gone = False
    for first, until in sorted(spans):
        if first <= day <= until:
            gone, last = True, until
            if until == date.max:
                break
            day = until + _A_DAY
    return last if gone else None


def _hindered(
    member: Member, command: AssignCsm, excluded: set[str], load: Mapping[str, int]
) -> PassedOver | None:
    if member.who in excluded:
        return PassedOver(member, "not to be chosen")
    if member.when is not None:
        try:
            if not holds(member.when, {"facts": command.facts}):
                return PassedOver(member, "does not match")
        except StepError as error:
            return PassedOver(member, f"cannot be matched: {error.what}", undecided=True)
    held = load.get(member.who, 0)
    if member.capacity is not None and held >= member.capacity:
        return PassedOver(member, f"full ({held} of {member.capacity})")
    return None


def _absent(member: Member, queue: Queue, at: datetime, absences: Absences) -> PassedOver | None:
    until = away_until(member, queue.time_zone, at, absences)
    if until is None:
        return None
    if until == date.max:
        return PassedOver(member, "paused")
    morning = datetime.combine(until + _A_DAY, time(), ZoneInfo(queue.time_zone))
    return PassedOver(member, f"away until {until}", morning.astimezone(UTC))

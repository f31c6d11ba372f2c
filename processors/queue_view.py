"""A queue as an operator looks at it: who is in it, who is there, and how much everybody has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from processors.availability import Absences, away_until
from schemas.definition.queue import Member, Queue, identity
from schemas.queue_state import QueueState


@dataclass(frozen=True, slots=True)
class MemberView:
    """Somebody in a queue, with what the queue says of them and why they are not there, if they are not."""

    name: str
    email: str
    weight: int
    capacity: int | None
    when: str | None
    away_until: date | None
    away_why: str


@dataclass(frozen=True, slots=True)
class LoadView:
    """What one person has of one org's accounts. `last_turn` is None for whoever was never chosen."""

    email: str
    open: int
    last_turn: int | None
    in_queue: bool


@dataclass(frozen=True, slots=True)
class OrgView:
    """The figures of a queue for one org: accounts given out ever, and who has how many of them."""

    org_id: str
    turn: int
    loads: tuple[LoadView, ...]


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue with its people, and its figures for each org that ever asked it."""

    name: str
    policy: str
    time_zone: str
    members: tuple[MemberView, ...]
    orgs: tuple[OrgView, ...]


def view(queue: Queue, absences: Absences, states: Mapping[str, QueueState], at: datetime) -> QueueView:
    """Show a queue at a moment; `states` are its states by org."""
    members = tuple(_member(each, queue, absences, at) for each in queue.members)
    orgs = tuple(
        OrgView(org, state.turn, tuple(_loads(queue, state))) for org, state in sorted(states.items())
    )
    return QueueView(queue.name, queue.policy, queue.time_zone, members, orgs)


def _member(member: Member, queue: Queue, absences: Absences, at: datetime) -> MemberView:
    until = away_until(member, queue.time_zone, at, absences)
    why = "" if until is None else "away"
    if away_until(member.model_copy(update={"away": ()}), queue.time_zone, at, absences) is not None:
        why = f"paused: {absences[identity(member.email)].reason or 'no reason given'}"
    return MemberView(member.name, member.email, member.weight, member.capacity, member.when, until, why)


def _loads(queue: Queue, state: QueueState) -> Iterator[LoadView]:
    members = {member.who: member for member in queue.members}
    for who, member in members.items():
        yield LoadView(member.email, state.load.get(who, 0), state.chosen.get(who), in_queue=True)
    for who in sorted(state.load.keys() - members.keys()):
        yield LoadView(who, state.load[who], None, in_queue=False)

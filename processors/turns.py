"""Whose turn it is, by a queue's policy, among those who may take an account."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from schemas.definition.queue import Member, Queue
from schemas.queue_state import QueueState


def next_of(
    state: QueueState, load: Mapping[str, int], queue: Queue, free: Sequence[Member]
) -> tuple[Member, dict[str, int]]:
    """Choose one of `free`, which holds somebody. Give them, and the credits of the weighted policy after."""
    waited = _waited(state, queue)
    if queue.policy == "weighted":
        return _weighted(state, free, waited)
    if queue.policy == "least_loaded":
        largest = max((member.capacity or 0 for member in queue.members), default=0) or 1
        return min(free, key=lambda each: (_share(load, each, largest), waited(each))), state.credit
    return min(free, key=waited), state.credit


def _waited(state: QueueState, queue: Queue) -> Callable[[Member], tuple[int, int]]:
    """Order members by how long ago they were chosen; whoever never was comes first, from the turn on.

    A turn taken by this order is nobody's loss: who was away, or did not match, has waited longest after.
    """
    places = {member.who: place for place, member in enumerate(queue.members)}

    def key(member: Member) -> tuple[int, int]:
        return state.chosen.get(member.who, -1), (places[member.who] - state.turn) % len(queue.members)

    return key


def _share(load: Mapping[str, int], member: Member, largest: int) -> Fraction:
    """Give how full somebody is; without a capacity they are measured by the queue's largest."""
    return Fraction(load.get(member.who, 0), member.capacity or largest)


def _weighted(
    state: QueueState, free: Sequence[Member], waited: Callable[[Member], tuple[int, int]]
) -> tuple[Member, dict[str, int]]:
    """Give everybody their weight in credit, and let the one chosen pay for all.

    The largest credit is not always the one to choose: with many unlike weights somebody may fall behind by
    more than one account. Of those with enough credit the one whose share falls due first keeps all within
    one (R. Tijdeman, "The chairman assignment problem", 1980).
    """
    total = sum(member.weight for member in free)
    credit = {member.who: state.credit.get(member.who, 0) + member.weight for member in free}
    parts = max(1, 2 * len(free) - 2)
    ready = [member for member in free if credit[member.who] * parts >= total] or free

    def due(member: Member) -> tuple[Fraction, tuple[int, int]]:
        return Fraction(total * (parts - 1) - credit[member.who] * parts, member.weight), waited(member)

    chosen = min(ready, key=due)
    credit[chosen.who] -= total
    return chosen, {**state.credit, **credit}

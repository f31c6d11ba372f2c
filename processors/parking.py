"""Which records must wait because an earlier one of their key was set aside.

An agent that keeps the state of a deal would get it wrong if a record overtook one that lies aside. So every
later record of that key is set aside too, until each before it was sent back or discarded. Everything needed
to know this lies in the topic `dead-letters` itself and in where the records lie: a record sent back says
which letter it was, and a mark says where its record lies now. What stands before that place in the log has
not been overtaken by it, and waits too.
"""

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from schemas.dead_letter import Kind, Letter, Mark, Place, identity
from schemas.errors import DealwireError

Passed = Callable[[Place], bool]
"""Whether the agent has finished what lies at a place of a topic it reads."""


class ParkedError(DealwireError):
    """Nothing is wrong with the record: it waits for an earlier one of its key."""


class Turn(Enum):
    """What is to become of a record that arrives."""

    GO = auto()
    WAIT = auto()
    ASIDE = auto()
    """It lies aside or was sent back already, and this is the same arrival of it once more."""


@dataclass(slots=True)
class _Seat:
    identity: str
    origin: Place
    back: Place | None = None


@dataclass(slots=True)
class _Lane:
    """What is aside of one key at one agent, by the order in which the records first came."""

    order: list[int] = field(default_factory=list)
    seats: dict[int, _Seat] = field(default_factory=dict)

    def put(self, number: int, seat: _Seat) -> None:
        if number not in self.seats:
            insort(self.order, number)
        self.seats[number] = seat

    def drop(self, number: int) -> _Seat:
        del self.order[bisect_left(self.order, number)]
        return self.seats.pop(number)


@dataclass(slots=True)
class Parked:
    """What is aside, of every agent that minds the order, folded from the topic's records in their order.

    Its size is that of what is aside, some 500 bytes a letter; a lookup is one in a dictionary.
    """

    _lanes: dict[tuple[str, bytes], _Lane] = field(default_factory=dict)
    _where: dict[str, tuple[tuple[str, bytes], int]] = field(default_factory=dict)
    _read: dict[int, int] = field(default_factory=dict)
    _ours: set[tuple[int, int]] = field(default_factory=set)
    _troubled: dict[str, Letter] = field(default_factory=dict)

    def keys(self, agent: str) -> int:
        """Count the keys of an agent of which something is aside and was not sent back yet."""
        return sum(
            any(seat.back is None for seat in lane.seats.values())
            for (name, _), lane in self._lanes.items()
            if name == agent
        )

    def take(self, found: Letter | Mark | None, place: Place) -> None:
        """Take in the next record of the topic; None for one that is not ours."""
        self._read[place.partition] = place.offset + 1
        if isinstance(found, Mark):
            self._troubled.pop(found.of.partition(" ")[0], None)
            self._mark(found)
        elif found is not None and (place.partition, place.offset) not in self._ours:
            self._letter(found)
        self._ours.discard((place.partition, place.offset))

    def put(self, letter: Letter) -> None:
        """Take in a letter that this process wrote, before it is read from the topic."""
        if letter.place.offset >= self._read.get(letter.place.partition, 0):
            self._ours.add((letter.place.partition, letter.place.offset))
            self._letter(letter)

    def turn(
        self, agent: str, key: bytes, origin: Place, seat: int | None, passed: Passed
    ) -> tuple[Turn, Place | None]:
        """Say what is to become of a record, and behind which one it waits.

        `seat` is that of the letter that it was before, if it was sent back to this agent. What goes is no
        longer waited for: whoever comes after it in the log comes after it here.
        """
        lane = self._lanes.get((agent, key))
        if lane is None:
            return Turn.GO, None
        known = self._where.get(identity(agent, origin))
        if known is not None:
            back = lane.seats[known[1]].back
            if back is None or _before(origin, back):
                return Turn.ASIDE, None
        while lane.order and (seat is None or lane.order[0] < seat):
            first = lane.seats[lane.order[0]]
            if first.back is None or not (_before(first.back, origin) or passed(first.back)):
                return Turn.WAIT, first.origin
            self._drop((agent, key), lane.order[0])
        if seat is not None and seat in lane.seats:
            self._drop((agent, key), seat)
        return Turn.GO, None

    def failing(self, agent: str, since: datetime) -> tuple[int, int]:
        """Give how many failed of how many last records, as the agent's newest letter tells.

        Nothing (0, 0) if that letter is older than `since`, or somebody has dealt with letters after it.
        """
        letter = self._troubled.get(agent)
        return letter.failing if letter is not None and letter.at >= since else (0, 0)

    def _letter(self, letter: Letter) -> None:
        newest = self._troubled.get(letter.agent)
        if not letter.parked and (newest is None or newest.at <= letter.at):
            self._troubled[letter.agent] = letter
        if not letter.holds or letter.identity in self._where:
            return
        name = (letter.agent, letter.key)
        lane = self._lanes.setdefault(name, _Lane())
        if letter.seat in lane.seats:  # the same record, sent back and here again
            del self._where[lane.seats[letter.seat].identity]
        lane.put(letter.seat, _Seat(letter.identity, letter.origin))
        self._where[letter.identity] = (name, letter.seat)

    def _mark(self, mark: Mark) -> None:
        name, number = self._where.get(mark.of, (None, 0))
        if name is None:
            return
        if mark.kind is Kind.DISCARDED or mark.to is None:
            self._drop(name, number)
        else:
            self._lanes[name].seats[number].back = mark.to

    def _drop(self, name: tuple[str, bytes], number: int) -> None:
        lane = self._lanes[name]
        del self._where[lane.drop(number).identity]
        if not lane.seats:
            del self._lanes[name]


def _before(place: Place, other: Place) -> bool:
    same = (place.topic, place.partition) == (other.topic, other.partition)
    return same and place.offset < other.offset

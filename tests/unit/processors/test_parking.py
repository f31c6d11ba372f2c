"""Records wait for earlier ones of their key that lie aside; through restarts, redrives and repeats."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.dead_letters import Board, Filter, redrive
from processors.parking import Parked, ParkedError, Turn
from schemas.dead_letter import PARKED, TOPIC, Kind, Letter, Mark, Place, identity

AT = datetime(2026, 9, 14, 8, 30, tzinfo=UTC)
AGENT, KEY, INPUT = "workflow", b"k", "workflow.inbox"


def inbox(offset: int, topic: str = INPUT) -> Place:
    return Place(topic, 0, offset)


def letter(
    at: int,
    origin: Place,
    *,
    seat: int | None = None,
    error: str = "KeyError",
    holds: bool = True,
    key: bytes = KEY,
    redrives: int = 0,
) -> Letter:
    return Letter(
        place=Place(TOPIC, 0, at),
        key=key,
        size=1,
        origin=origin,
        agent=AGENT,
        reason="why",
        error=error,
        at=AT,
        seat=at if seat is None else seat,
        redrives=redrives,
        holds=holds,
        failing=(3, 4),
    )


def parked(*found: Letter | Mark) -> Parked:
    made = Parked()
    for each in found:
        made.take(each, each.place)
    return made


def mark(at: int, of: Place, kind: Kind = Kind.REDRIVEN, to: Place | None = None) -> Mark:
    return Mark(place=Place(TOPIC, 0, at), kind=kind, of=identity(AGENT, of), at=AT, actor="a", to=to)


def turn(of: Parked, origin: Place, *, seat: int | None = None, key: bytes = KEY, done: int = 0) -> Turn:
    return of.turn(AGENT, key, origin, seat, lambda place: place.offset < done)[0]


def test_the_name_of_the_error_is_the_one_letters_are_told_by() -> None:
    assert ParkedError.__name__ == PARKED


def test_only_the_key_waits_and_it_says_behind_what() -> None:
    now = parked(letter(0, inbox(5)))
    assert now.turn(AGENT, KEY, inbox(6), None, lambda _: False) == (Turn.WAIT, inbox(5))
    assert turn(now, inbox(7), key=b"other") is Turn.GO
    assert now.turn("history", KEY, inbox(6), None, lambda _: False) == (Turn.GO, None)
    assert (now.keys(AGENT), now.keys("history")) == (1, 0)


def test_the_arrival_that_lies_aside_is_not_worked_off_again() -> None:
    assert turn(parked(letter(0, inbox(5))), inbox(5)) is Turn.ASIDE


def test_a_letter_that_keeps_no_order_holds_up_nothing() -> None:
    assert turn(parked(letter(0, inbox(5), holds=False)), inbox(6)) is Turn.GO


def test_a_discarded_letter_lets_the_key_go() -> None:
    now = parked(letter(0, inbox(5)), mark(1, inbox(5), Kind.DISCARDED))
    assert turn(now, inbox(6)) is Turn.GO
    assert now == parked(mark(1, inbox(5), Kind.DISCARDED))


def test_what_lies_before_the_record_sent_back_still_waits() -> None:
    now = parked(letter(0, inbox(5)), mark(1, inbox(5), to=inbox(100)))
    assert turn(now, inbox(99)) is Turn.WAIT
    assert turn(now, inbox(5)) is Turn.ASIDE  # the group was set back: it comes again at 100
    assert turn(now, inbox(100), seat=0) is Turn.GO
    assert turn(now, inbox(101)) is Turn.GO
    assert now.keys(AGENT) == 0


def test_after_a_restart_a_record_behind_the_one_sent_back_goes() -> None:
    assert turn(parked(letter(0, inbox(5)), mark(1, inbox(5), to=inbox(100))), inbox(101)) is Turn.GO


def test_a_record_sent_back_waits_for_one_before_it_that_failed_again() -> None:
    now = parked(letter(0, inbox(5)), letter(1, inbox(6), error=PARKED))
    assert turn(now, inbox(100), seat=0) is Turn.GO
    now.put(letter(9, inbox(100), seat=0, redrives=1))  # and failed
    assert now.turn(AGENT, KEY, inbox(101), 1, lambda _: False) == (Turn.WAIT, inbox(100))
    now.put(letter(10, inbox(101), seat=1, redrives=1, error=PARKED))
    assert turn(now, inbox(102)) is Turn.WAIT
    assert turn(now, inbox(110), seat=0) is Turn.GO
    assert turn(now, inbox(111), seat=1) is Turn.GO
    assert turn(now, inbox(112)) is Turn.GO


def test_records_of_another_topic_wait_until_the_one_sent_back_was_finished() -> None:
    now = parked(letter(0, inbox(5)), mark(1, inbox(5), to=inbox(100)))
    assert turn(now, inbox(7, "opportunity.stages"), done=100) is Turn.WAIT
    assert turn(now, inbox(7, "opportunity.stages"), done=101) is Turn.GO


def test_what_was_read_already_is_not_put_again() -> None:
    now = parked(letter(0, inbox(5)), mark(1, inbox(5), Kind.DISCARDED))
    now.put(letter(0, inbox(5)))
    assert turn(now, inbox(6)) is Turn.GO


@pytest.mark.parametrize("again", [letter(7, inbox(5)), letter(7, inbox(5), holds=False)])
def test_a_letter_written_twice_is_one(again: Letter) -> None:
    now = parked(letter(0, inbox(5)), again, mark(8, inbox(5), Kind.DISCARDED))
    assert turn(now, inbox(6)) is Turn.GO


def test_how_a_worker_stood_when_it_set_its_last_record_aside() -> None:
    now = parked(letter(0, inbox(5)))
    assert now.failing(AGENT, AT) == (3, 4)
    assert now.failing(AGENT, AT + timedelta(seconds=1)) == (0, 0)
    assert now.failing("history", AT) == (0, 0)
    now.take(mark(1, inbox(5), Kind.DISCARDED), Place(TOPIC, 0, 1))
    assert now.failing(AGENT, AT) == (0, 0)


@dataclass
class World:
    """A log of one key, a dead-letter topic, and an agent that may die after any record."""

    log: list[tuple[int, int | None]] = field(default_factory=list)
    topic: list[Letter | Mark] = field(default_factory=list)
    committed: int = 0
    position: int = 0
    broken: set[int] = field(default_factory=set)
    done: list[int] = field(default_factory=list)
    now: Parked = field(default_factory=Parked)
    heard: int = 0

    def arrive(self, number: int) -> None:
        self.log.append((number, None))

    def work(self) -> None:
        """Take the next record of the log."""
        if self.position >= len(self.log):
            return
        number, seat = self.log[self.position]
        origin = inbox(self.position)
        what, behind = self.now.turn(AGENT, KEY, origin, seat, lambda at: at.offset < self.committed)
        if what is Turn.GO and number not in self.broken:
            self.done.append(number)
        elif what is not Turn.ASIDE:
            error = "KeyError" if behind is None else PARKED
            made = letter(len(self.topic), origin, seat=seat, error=error)
            self.topic.append(made)
            self.now.put(made)
        self.position += 1

    def hear(self) -> None:
        for found in self.topic[self.heard :]:
            self.now.take(found, found.place)
        self.heard = len(self.topic)

    def commit(self) -> None:
        self.committed = self.position

    def die(self) -> None:
        self.now, self.heard, self.position = Parked(), 0, self.committed
        self.hear()

    def operate(self, *, until_mark: int) -> None:
        """Redrive everything; the operator dies before the mark of that number."""
        board = Board()
        for found in self.topic:
            board.take(found)
        plan = redrive(board.in_order(), Filter().means, topics={INPUT})
        went = []
        for each in plan.letters:
            went.append((each, len(self.log)))
            self.log.append((self.log[each.origin.offset][0], each.seat))
        for each, offset in went[:until_mark]:
            self.topic.append(mark(len(self.topic), each.origin, to=inbox(offset)))

    def mend(self) -> None:
        self.broken = set()

    def settle(self) -> None:
        """Mend everything, and redrive until nothing lies aside."""
        self.mend()
        for _ in range(5):
            while self.position < len(self.log):
                self.work()
            self.hear()
            self.operate(until_mark=10_000)
        self.hear()


moves = st.lists(
    st.one_of(
        st.sampled_from(["arrive", "work", "work", "hear", "commit", "die", "mend"]),
        st.integers(0, 4).map(lambda count: f"operate {count}"),
    ),
    max_size=60,
)


@settings(max_examples=400, deadline=None)
@given(moves, st.sets(st.integers(0, 12), max_size=4))
def test_whatever_happens_each_record_is_done_and_none_before_an_earlier_one(
    steps: list[str], broken: set[int]
) -> None:
    world = World(broken=broken)
    arrived = 0
    for step in steps:
        name, _, count = step.partition(" ")
        if name == "arrive":
            world.arrive(arrived)
            arrived += 1
        elif name == "operate":
            world.operate(until_mark=int(count))
        else:
            getattr(world, name)()
    world.settle()
    first_times = sorted(set(world.done), key=world.done.index)
    assert first_times == list(range(arrived))
    assert world.now.keys(AGENT) == 0

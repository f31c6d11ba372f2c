"""Letters and marks folded into what is still aside, and the order in which it may go back."""

from datetime import UTC, datetime, timedelta

import pytest

from processors.dead_letters import Board, Filter, by_reason, redrive
from schemas.dead_letter import PARKED, TOPIC, Kind, Letter, Mark, Place

AT = datetime(2026, 9, 14, 8, 30, tzinfo=UTC)
INBOX = "workflow.inbox"


def letter(
    at: int,
    *,
    origin: int | None = None,
    key: str = "k",
    agent: str = "workflow",
    seat: int | None = None,
    redrives: int = 0,
    error: str = "KeyError",
    reason: str = "KeyError: 'amount'",
    topic: str = INBOX,
    partition: int = 3,
    holds: bool = True,
) -> Letter:
    return Letter(
        place=Place(TOPIC, partition, at),
        key=key.encode(),
        size=100,
        origin=Place(topic, partition, at if origin is None else origin),
        agent=agent,
        reason=reason,
        error=error,
        at=AT + timedelta(minutes=at),
        seat=at if seat is None else seat,
        redrives=redrives,
        holds=holds,
    )


def parked(at: int, key: str = "k") -> Letter:
    return letter(at, key=key, error=PARKED, reason="parked behind an earlier one")


def mark(of: Letter, at: int, kind: Kind = Kind.REDRIVEN) -> Mark:
    return Mark(place=Place(TOPIC, of.place.partition, at), kind=kind, of=of.identity, at=AT, actor="ann")


def folded(*found: Letter | Mark) -> Board:
    board = Board()
    for each in found:
        board.take(each)
    return board


def ids(letters: object) -> list[str]:
    assert isinstance(letters, list)
    return [each.id for each in letters]


def test_a_mark_takes_its_letter_from_the_board_and_names_who_did_it() -> None:
    first, second = letter(0), letter(1, key="other")
    board = folded(first, second, mark(first, 2, Kind.DISCARDED))
    assert board.in_order() == [second]
    (((dealt, by)),) = board.dealt_with.values()
    assert (dealt, by.kind, by.actor) == (first, Kind.DISCARDED, "ann")


def test_the_same_arrival_set_aside_twice_is_one_letter() -> None:
    first, again = letter(0, origin=7), letter(4, origin=7)
    assert folded(first, again).in_order() == [first]
    assert folded(first, again, mark(first, 5)).in_order() == []
    # Two agents read one topic: each has a letter of its own.
    assert len(folded(first, letter(5, origin=7, agent="other")).in_order()) == 2


def test_an_arrival_that_is_set_aside_after_its_mark_is_aside_again() -> None:
    first, later = letter(0, origin=7), letter(4, origin=7)
    assert folded(first, mark(first, 1), later).in_order() == [later]


def test_a_mark_about_nothing_changes_nothing() -> None:
    assert folded(mark(letter(0), 3)).in_order() == []
    assert folded(mark(letter(0), 3)).dealt_with == {}


def test_a_record_that_failed_again_stands_where_it_stood_at_first() -> None:
    first, second, third = letter(0), parked(1), parked(9)
    again = letter(12, origin=100, seat=0, redrives=1)
    board = folded(first, second, third, mark(first, 11), again)
    assert ids(board.in_order()) == ["3:12", "3:1", "3:9"]


def test_a_letter_sent_back_without_its_mark_is_replaced_by_the_one_that_came_of_it() -> None:
    first = letter(0)
    again = letter(12, origin=100, seat=0, redrives=1)
    assert folded(first, again).in_order() == [again]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), [0, 1, 2]),
        (Filter(ids=frozenset({"3:1"})), [1]),
        (Filter(reason="keyerror"), [0, 2]),
        (Filter(reason="AMOUNT"), [0, 2]),
        (Filter(topic="salesforce.changes"), [1]),
        (Filter(topic="changes"), []),
        (Filter(key="a:1"), [0]),
        (Filter(agent="transitions"), [1]),
        (Filter(since=AT + timedelta(minutes=1)), [1, 2]),
        (Filter(until=AT + timedelta(minutes=1)), [0]),
        (Filter(reason="keyerror", since=AT + timedelta(minutes=1)), [2]),
    ],
)
def test_filters(wanted: Filter, found: list[int]) -> None:
    letters = [
        letter(0, key="org:a:1"),
        letter(1, agent="transitions", topic="salesforce.changes", error="ValueError", reason="no stage"),
        letter(2, key="org:b:2"),
    ]
    assert [each.place.offset for each in letters if wanted.means(each)] == found


def test_what_was_parked_behind_a_letter_goes_with_it_in_order() -> None:
    head, one, other, two = letter(0), parked(1), letter(2, key="x"), parked(3)
    plan = redrive([head, one, other, two], Filter(ids=frozenset({"3:0"})).means, topics={INBOX})
    assert plan.letters == [head, one, two]
    assert plan.held_back == []


def test_none_goes_before_an_earlier_one_of_its_key_that_stays() -> None:
    head, one, two = letter(0), parked(1), letter(2, reason="another")
    plan = redrive([head, one, two], Filter(reason="another").means, topics={INBOX})
    assert plan.letters == []
    assert plan.held_back == [(two, head)]
    # Chosen up to a gap: what comes behind the gap stays too.
    plan = redrive([head, two, parked(3)], Filter(ids=frozenset({"3:0", "3:3"})).means, topics={INBOX})
    assert plan.letters == [head]
    assert [(each.id, earlier.id) for each, earlier in plan.held_back] == [("3:3", "3:2")]


def test_parked_ones_whose_head_was_discarded_can_go_alone() -> None:
    first, second = parked(1), parked(2)
    assert redrive([first, second], Filter(ids=frozenset({"3:1"})).means, topics={INBOX}).letters == [
        first,
        second,
    ]


def test_where_nothing_is_parked_each_letter_is_its_own() -> None:
    letters = [letter(number, holds=False) for number in range(3)]
    plan = redrive(letters, Filter(ids=frozenset({"3:2"})).means, topics={INBOX})
    assert plan.letters == [letters[2]]


def test_what_came_from_no_topic_of_ours_cannot_go_back() -> None:
    heard = letter(0, topic="/data/OpportunityChangeEvent", origin=-1, agent="subscriber", holds=False)
    alike = letter(1, topic="/data/OpportunityChangeEvent", origin=-1, agent="subscriber", holds=False)
    board = folded(heard, alike)
    plan = redrive(board.in_order(), Filter().means, topics={INBOX})
    assert (plan.letters, plan.from_outside) == ([], [heard, alike])


def test_counts_by_reason_the_most_first() -> None:
    letters = [letter(0), parked(1), parked(2)]
    assert list(by_reason(letters).items()) == [
        (("workflow", INBOX, PARKED), 2),
        (("workflow", INBOX, "KeyError"), 1),
    ]


def test_what_kafka_has_deleted_is_forgotten() -> None:
    dealt, kept = letter(1), letter(7)
    board = folded(letter(0), dealt, kept, letter(2, partition=4), mark(dealt, 8))
    board.forget({3: 5, 4: 0})
    assert ids(board.in_order()) == ["4:2", "3:7"]
    assert board.dealt_with == {}
    assert board.find("3:0") is None
    board.take(letter(9, origin=2, seat=0, redrives=1))
    assert ids(board.in_order()) == ["3:9", "4:2", "3:7"]


def test_a_letter_is_found_by_its_id_wherever_it_stands() -> None:
    first, second = letter(0), letter(1)
    board = folded(first, second, mark(first, 2))
    found = board.find("3:0")
    assert found is not None
    assert (found[0], found[1] is not None) == (first, True)
    assert board.find("3:1") == (second, None)

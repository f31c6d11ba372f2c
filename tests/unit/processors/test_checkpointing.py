from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.checkpointing import (
    AcknowledgedPrefix,
    Place,
    holding,
    missing_since,
    next_after,
    place_of,
    subscribed_since,
    taken_over,
)
from schemas.change import Checkpoint

ORG, CHANNEL = "00D000000000001EAA", "/data/ChangeEvents"
T0 = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return T0 + timedelta(minutes=minutes)


def checkpoint(epoch: int, sequence: int, replay_id: str = "") -> Checkpoint:
    return Checkpoint(
        id="c", org_id=ORG, channel=CHANNEL, epoch=epoch, sequence=sequence, replay_id=replay_id
    )


@given(st.permutations(range(8)), st.integers(0, 8))
def test_the_place_stands_after_the_contiguous_acknowledged_prefix(order: list[int], count: int) -> None:
    prefix = AcknowledgedPrefix(Place("start"))
    tickets = [prefix.received(str(number), at(number)) for number in range(8)]
    done: set[int] = set()
    for number in order[:count]:
        prefix.acknowledged(tickets[number])
        done.add(number)
        length = next(index for index in range(9) if index not in done)
        assert prefix.place.replay_id == ("start" if length == 0 else str(length - 1))
        assert prefix.in_flight == 8 - length


@given(st.lists(st.sampled_from(["event", "quiet", "nameless", "forgotten"]), max_size=30), st.randoms())
def test_whatever_the_order_of_acknowledgements_the_end_is_the_same(kinds: list[str], chance: object) -> None:
    def end(shuffled: bool) -> Place:
        prefix = AcknowledgedPrefix(Place())
        tickets = []
        for number, kind in enumerate(kinds):
            if kind == "quiet":
                prefix.quiet(at(number))
            elif kind == "forgotten":
                prefix.forgotten()
            else:
                tickets.append(prefix.received(str(number) if kind == "event" else "", at(number)))
        if shuffled:
            chance.shuffle(tickets)  # type: ignore[attr-defined]  # hypothesis types it as a class of its own
        for ticket in tickets:
            prefix.acknowledged(ticket)
        assert prefix.in_flight == 0
        return prefix.place

    assert end(shuffled=True) == end(shuffled=False)


def test_a_quiet_moment_counts_only_behind_the_events_before_it() -> None:
    prefix = AcknowledgedPrefix(Place())
    ticket = prefix.received("7", at(1))
    assert not prefix.quiet(at(2))
    assert prefix.place == Place()
    assert prefix.acknowledged(ticket)
    assert prefix.place == Place("7", at(1), at(2))


def test_an_event_without_a_position_holds_up_the_next_and_moves_nothing() -> None:
    prefix = AcknowledgedPrefix(Place("5"))
    nameless = prefix.received("", None)
    named = prefix.received("6", at(1))
    assert not prefix.acknowledged(named)
    prefix.acknowledged(nameless)
    assert prefix.place.replay_id == "6"


def test_a_forgotten_position_is_forgotten_only_after_what_came_before() -> None:
    prefix = AcknowledgedPrefix(Place("5"))
    ticket = prefix.received("6", at(1))
    assert not prefix.forgotten()
    prefix.acknowledged(ticket)
    assert prefix.place == Place("", at(1), None)


@pytest.mark.parametrize(
    ("kept", "holds"),
    [
        ([], None),
        ([(1, 5)], (1, 5)),
        ([(1, 5), (2, 0)], (2, 0)),
        ([(2, 0), (1, 99)], (2, 0)),  # a stale subscriber wrote last
        ([(2, 1), (2, 7), (2, 3)], (2, 7)),
    ],
)
def test_the_highest_epoch_and_sequence_holds(
    kept: list[tuple[int, int]], holds: tuple[int, int] | None
) -> None:
    found = holding(checkpoint(*each) for each in kept)
    assert (None if found is None else (found.epoch, found.sequence)) == holds


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)), max_size=8), st.randoms())
def test_which_one_holds_does_not_depend_on_their_order(kept: list[tuple[int, int]], chance: object) -> None:
    checkpoints = [checkpoint(*each) for each in kept]
    shuffled = list(checkpoints)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis types it as a class of its own
    assert holding(checkpoints) == holding(shuffled)


def test_a_subscriber_takes_over_at_the_former_place_in_a_new_epoch() -> None:
    former = checkpoint(4, 17, "99").model_copy(update={"last_event_at": at(1), "quiet_until": at(2)})
    taken = taken_over(former, ORG, CHANNEL)
    assert (taken.epoch, taken.sequence, place_of(taken)) == (5, 0, Place("99", at(1), at(2)))
    following = next_after(taken, Place("100"))
    assert (following.epoch, following.sequence, following.replay_id) == (5, 1, "100")
    assert holding([following, former, taken]) == following


def test_the_first_subscriber_begins_nowhere() -> None:
    taken = taken_over(None, ORG, CHANNEL)
    assert (taken.epoch, place_of(taken)) == (1, Place())


@pytest.mark.parametrize(
    ("place", "since"),
    [
        (Place(), None),
        (Place("1", at(5), None), at(5)),
        (Place("", None, at(3)), at(3)),
        (Place("1", at(5), at(9)), at(5)),
        (Place("1", at(9), at(5)), at(5)),
    ],
)
def test_what_may_be_missing_begins_at_the_earlier_of_both(place: Place, since: datetime | None) -> None:
    assert missing_since(place) == since


@pytest.mark.parametrize(
    ("place", "since"),
    [
        (Place(), None),
        (Place("1", at(5), at(9)), None),
        (Place("", at(5), at(9)), None),  # after a gap: better twice than not at all
        (Place("", None, at(60)), at(45)),
    ],
)
def test_only_a_subscription_that_heard_nothing_yet_skips_what_is_older(
    place: Place, since: datetime | None
) -> None:
    assert subscribed_since(place) == since

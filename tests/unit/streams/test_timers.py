"""The heap of due times."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streams.timers import Timer, TimerHeap

START = datetime(2026, 9, 14, tzinfo=UTC)


def timer(name: str, minutes: int, key: str = "k") -> Timer:
    return Timer(START + timedelta(minutes=minutes), name, "run", key)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def names(timers: list[Timer]) -> list[str]:
    return [each.id for each in timers]


def test_gives_what_is_due_once_and_soonest_first() -> None:
    heap = TimerHeap()
    heap.replace("k", [timer("b", 2), timer("a", 1), timer("c", 3)])
    assert names(heap.due(at(0))) == []
    assert names(heap.due(at(2))) == ["a", "b"]
    assert names(heap.due(at(2))) == []
    assert len(heap) == 1
    assert names(heap.due(at(9))) == ["c"]
    assert len(heap) == 0


def test_gives_no_more_at_once_than_is_wanted() -> None:
    heap = TimerHeap()
    heap.replace("k", [timer("b", 2), timer("gone", 1), timer("a", 1)])
    heap.replace("k", [timer("b", 2), timer("a", 1), timer("c", 3)])
    assert names(heap.due(at(9), at_most=2)) == ["a", "b"]
    assert len(heap) == 1
    assert names(heap.due(at(9), at_most=2)) == ["c"]
    assert heap.due(at(9), at_most=2) == []


def test_a_timer_set_anew_is_forgotten_in_its_old_form() -> None:
    heap = TimerHeap()
    heap.replace("k", [timer("first", 1)])
    heap.replace("k", [timer("second", 5)])
    assert names(heap.due(at(4))) == []
    assert names(heap.due(at(5))) == ["second"]


def test_the_same_timer_set_again_fires_once() -> None:
    heap = TimerHeap()
    heap.replace("k", [timer("a", 1)])
    heap.replace("k", [timer("a", 1)])
    assert names(heap.due(at(1))) == ["a"]


def test_keys_do_not_mix() -> None:
    heap = TimerHeap()
    heap.replace("k", [timer("a", 1)])
    heap.replace("l", [timer("b", 1, "l")])
    heap.replace("k", [])
    assert names(heap.due(at(1))) == ["b"]


def test_rebuilding_forgets_what_went_to_another_worker() -> None:
    heap = TimerHeap()
    heap.replace("k", [timer("gone", 1)])
    heap.rebuild([timer("b", 2, "l"), timer("a", 1, "l")])
    assert names(heap.due(at(9))) == ["a", "b"]


def test_many_replacements_leave_nothing_behind() -> None:
    heap = TimerHeap()
    for number in range(1000):
        heap.replace("k", [timer(str(number), 1)])
    assert len(heap) == 1
    assert names(heap.due(at(1))) == ["999"]


def test_cancelled_timers_do_not_pile_up() -> None:
    heap = TimerHeap()
    heap.replace("stays", [timer("stays", 5, "stays")])
    for number in range(10_000):
        heap.replace("k", [timer(str(number), 60 * 24 * 365)])
    assert heap.places < 2100
    heap.replace("k", [])
    assert names(heap.due(at(5))) == ["stays"]


_TIMERS = st.builds(lambda name, minutes: (name, minutes), st.sampled_from("abcd"), st.integers(0, 9))
_TURNS = st.one_of(
    st.tuples(st.just("replace"), st.sampled_from("kl"), st.lists(_TIMERS, max_size=4)),
    st.tuples(st.just("due"), st.integers(0, 9), st.integers(1, 4)),
    st.tuples(st.just("rebuild")),
)


@given(st.lists(_TURNS, max_size=30))
def test_it_does_what_a_plain_list_would_do(turns: list[tuple[object, ...]]) -> None:
    heap = TimerHeap()
    plain: dict[str, set[Timer]] = {}
    for turn in turns:
        match turn:
            case ("replace", str(key), list(given_timers)):
                plain[key] = {timer(name, minutes, key) for name, minutes in given_timers}
                heap.replace(key, list(plain[key]))
            case ("due", int(minute), int(most)):
                ripe = sorted(each for held in plain.values() for each in held if each.due <= at(minute))
                found = heap.due(at(minute), at_most=most)
                assert len(found) == min(most, len(ripe))
                assert set(found) <= set(ripe)
                assert [each.due for each in found] == [each.due for each in ripe[:most]]
                plain = {key: held - set(found) for key, held in plain.items()}
            case _:
                heap.rebuild(each for held in plain.values() for each in held)
        assert len(heap) == sum(len(held) for held in plain.values())

"""The heap of due times."""

from datetime import UTC, datetime, timedelta

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

"""Lag, and a commit that stands still."""

from streams.lag import StallWatch, lag

PLACE = ("t", 0)


def test_lag_is_what_is_not_committed() -> None:
    assert lag({("t", 0): (5, 8), ("t", 1): (8, 8), ("t", 2): (9, 8)}) == 3


def test_a_commit_that_stands_still_is_noticed_after_a_while() -> None:
    watch = StallWatch(patience_seconds=10)
    assert watch.stalled({PLACE: (5, 8)}, now=0) == []
    assert watch.stalled({PLACE: (5, 9)}, now=10) == []
    assert watch.stalled({PLACE: (5, 9)}, now=11) == [PLACE]


def test_movement_idleness_and_leaving_begin_anew() -> None:
    watch = StallWatch(patience_seconds=10)
    watch.stalled({PLACE: (5, 8)}, now=0)
    assert watch.stalled({PLACE: (6, 8)}, now=9) == []
    assert watch.stalled({PLACE: (6, 8)}, now=18) == []
    assert watch.stalled({PLACE: (8, 8)}, now=100) == []
    assert watch.stalled({PLACE: (8, 9)}, now=105) == []
    assert watch.stalled({}, now=200) == []
    assert watch.stalled({PLACE: (8, 9)}, now=300) == []

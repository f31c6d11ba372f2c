"""Acknowledgements come in order, per partition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.progress import Progress


@pytest.mark.parametrize(
    ("finished", "given_back"),
    [
        ([0, 1, 2], [[0], [1], [2]]),
        ([2, 1, 0], [[], [], [0, 1, 2]]),
        ([1, 0, 2], [[], [0, 1], [2]]),
    ],
)
def test_gives_back_what_has_nothing_unfinished_before_it(
    finished: list[int], given_back: list[list[int]]
) -> None:
    progress: Progress[int] = Progress()
    entries = [progress.begin("p", number) for number in range(3)]
    assert [list(progress.finish(entries[number])) for number in finished] == given_back


@given(st.lists(st.integers(0, 3), max_size=30), st.randoms())
def test_each_partition_comes_back_whole_and_in_order(partitions: list[int], chance: object) -> None:
    progress: Progress[tuple[int, int]] = Progress()
    entries = [progress.begin(part, (part, place)) for place, part in enumerate(partitions)]
    chance.shuffle(entries)  # type: ignore[attr-defined]  # a random.Random
    back = [item for entry in entries for item in progress.finish(entry)]
    for part in set(partitions):
        mine = [place for each, place in back if each == part]
        assert mine == sorted(mine)
    assert sorted(back) == sorted((part, place) for place, part in enumerate(partitions))

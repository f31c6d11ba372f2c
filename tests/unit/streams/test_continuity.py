"""A record that Faust swallowed is noticed; a hole that never held one is none."""

from dataclasses import dataclass

import pytest

from streams.continuity import Continuity, SkippedRecordError


@dataclass
class At:
    offset: int
    generation_id: int = 1
    topic: str = "t"
    partition: int = 0


class Kafka:
    """Holds a record at each of some offsets."""

    def __init__(self, *offsets: int) -> None:
        self.offsets = offsets
        self.asked: list[tuple[int, int]] = []

    async def holds(self, _topic: str, _partition: int, start: int, end: int) -> bool:
        self.asked.append((start, end))
        return any(start <= offset < end for offset in self.offsets)


async def test_asks_nothing_while_offsets_follow_one_another() -> None:
    kafka = Kafka(*range(20))
    continuity = Continuity(kafka.holds)
    for offset in (5, 6, 7, 7, 8):
        await continuity.check(At(offset), committed=5)
    await continuity.check(At(5, generation_id=2), committed=5)
    await continuity.check(At(0, partition=1), committed=None)
    assert kafka.asked == []


@pytest.mark.parametrize(
    ("arrived", "committed"),
    [
        ([At(5), At(7)], 5),
        ([At(6)], 5),
        ([At(1)], None),
        ([At(5), At(6), At(8, generation_id=2)], 7),
    ],
    ids=["within a generation", "after the committed offset", "nothing committed", "after a rebalance"],
)
async def test_notices_a_record_that_never_came(arrived: list[At], committed: int | None) -> None:
    continuity = Continuity(Kafka(*range(20)).holds)
    for message in arrived[:-1]:
        await continuity.check(message, committed)
    with pytest.raises(SkippedRecordError):
        await continuity.check(arrived[-1], committed)


async def test_a_transaction_marker_is_no_record() -> None:
    kafka = Kafka(5, 7)
    continuity = Continuity(kafka.holds)
    await continuity.check(At(5), committed=5)
    await continuity.check(At(7), committed=5)
    assert kafka.asked == [(6, 7)]

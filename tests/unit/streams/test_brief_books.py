"""The budget of a day over the partitions that a worker has."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from processors.brief.keeping import MOST_DEALS
from schemas.brief import WriteBrief
from schemas.brief_book import BriefBook
from streams.brief_books import BriefBooks
from streams.job import Job, Origin
from tests.fixtures.agents import AT, ORG, FakeClock, FakeDelivery, outbox


class FakeTable:
    """Holds values once their delivery was accepted, as the real one does."""

    def __init__(self) -> None:
        self.held: dict[bytes, bytes] = {}

    def read(self, key: bytes) -> bytes | None:
        return self.held.get(key)

    async def write(self, key: bytes, value: bytes | None, _partition: int) -> asyncio.Future[Any]:
        await asyncio.sleep(0)
        if value is None:
            self.held.pop(key, None)
        else:
            self.held[key] = value
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


async def job(deal: int, partition: int = 0) -> Job:
    record = WriteBrief(id=f"c{deal}", org_id=ORG)
    return Job(record, f"{ORG}:{deal}", Origin("t", partition, deal, AT), "", await outbox(FakeDelivery()))


def books(table: FakeTable, clock: FakeClock, most_tokens: int = 1_000) -> BriefBooks:
    return BriefBooks(table, clock, partitions=4, most_tokens=most_tokens)  # type: ignore[arg-type]  # a stand-in


async def test_what_is_set_aside_and_what_was_spent_count_together() -> None:
    table, clock = FakeTable(), FakeClock()
    held = books(table, clock)
    assert held.reserve(600)
    assert not held.reserve(600)
    await held.enter(await job(1, partition=2), 300)
    held.release(600)
    assert held.reserve(600)
    assert not held.reserve(200)


async def test_a_restart_forgets_what_was_set_aside_and_keeps_what_was_spent() -> None:
    table, clock = FakeTable(), FakeClock()
    await books(table, clock).enter(await job(1, partition=0), 500)
    await books(table, clock).enter(await job(2, partition=3), 400)
    again = books(table, clock)
    assert not again.reserve(101)
    assert again.reserve(100)


async def test_a_new_day_has_a_new_budget() -> None:
    table, clock = FakeTable(), FakeClock()
    held = books(table, clock)
    await held.enter(await job(1), 1_000)
    assert not held.reserve(1)
    clock.at += timedelta(days=1)
    assert held.reserve(1_000)


@pytest.mark.parametrize(("most", "reserved"), [(0, False), (1, True)])
async def test_no_budget_is_no_call(most: int, *, reserved: bool) -> None:
    assert books(FakeTable(), FakeClock(), most).reserve(1) is reserved


async def test_entries_at_the_same_time_are_not_lost() -> None:
    table = FakeTable()
    held = books(table, FakeClock(), 10**6)
    await asyncio.gather(*[held.enter(await job(number), 10) for number in range(50)])
    book = BriefBook.model_validate_json(table.held[b"partition:0"])
    assert (book.tokens, len(book.kept)) == (500, 50)


async def test_the_briefs_of_old_deals_make_room() -> None:
    table = FakeTable()
    held = books(table, FakeClock())
    for number in range(MOST_DEALS + 2):
        one = await job(number)
        await held.enter(one, 0)
        table.held[one.key.encode()] = b"kept"
    assert f"{ORG}:0".encode() not in table.held
    assert f"{ORG}:1".encode() not in table.held
    assert f"{ORG}:2".encode() in table.held
    assert len(table.held) == MOST_DEALS + 1

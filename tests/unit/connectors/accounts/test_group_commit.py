import asyncio
from collections.abc import Sequence

import pytest

from connectors.accounts.group_commit import GroupCommit
from schemas.errors import DealwireError, RefusedError, UnavailableError


class Database:
    """Writes when it is let; odd numbers are refused, and a negative one loses the connection."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_write = asyncio.Event()
        self.may_write.set()

    async def write(self, items: Sequence[int]) -> Sequence[int | DealwireError]:
        self.batches.append(list(items))
        await self.may_write.wait()
        if min(items) < 0:
            raise UnavailableError("gone")
        return [RefusedError("odd") if item % 2 else item * 10 for item in items]


async def test_a_lone_write_waits_for_nobody() -> None:
    database = Database()
    commits = GroupCommit(database.write)
    assert await commits.submit(2) == 20
    assert await commits.submit(4) == 40
    assert database.batches == [[2], [4]]


async def test_what_comes_while_a_transaction_runs_shares_the_next_one() -> None:
    database = Database()
    database.may_write.clear()
    commits = GroupCommit(database.write, max_batch=3)
    first = asyncio.create_task(commits.submit(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(commits.submit(item)) for item in (4, 6, 8, 10)]
    await asyncio.sleep(0)
    database.may_write.set()
    assert await asyncio.gather(first, *others) == [20, 40, 60, 80, 100]
    assert database.batches == [[2], [4, 6, 8], [10]]


async def test_each_has_its_own_error() -> None:
    commits = GroupCommit(Database().write)
    results = await asyncio.gather(*map(commits.submit, (2, 3, 4)), return_exceptions=True)
    assert (results[0], results[2]) == (20, 40)
    assert isinstance(results[1], RefusedError)


async def test_a_lost_connection_is_told_to_all_and_the_next_ones_are_tried() -> None:
    commits = GroupCommit(Database().write)
    results = await asyncio.gather(*map(commits.submit, (2, -2)), return_exceptions=True)
    assert [type(result) for result in results] == [UnavailableError, UnavailableError]
    assert await commits.submit(2) == 20


async def test_a_bug_leaves_nobody_waiting() -> None:
    async def write(_items: Sequence[int]) -> Sequence[int | DealwireError]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await GroupCommit(write).submit(1)


@pytest.mark.parametrize("given_up", [2, 3])
async def test_who_gave_up_waiting_does_not_disturb_the_others(given_up: int) -> None:
    database = Database()
    database.may_write.clear()
    commits = GroupCommit(database.write)
    impatient, patient = (asyncio.create_task(commits.submit(item)) for item in (given_up, 4))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.sleep(0)
    database.may_write.set()
    assert await patient == 40
    assert impatient.cancelled()


async def test_closing_waits_for_what_is_pending() -> None:
    database = Database()
    commits = GroupCommit(database.write)
    pending = asyncio.create_task(commits.submit(2))
    await asyncio.sleep(0)
    await commits.close()
    assert pending.done() or await pending == 20
    assert database.batches == [[2]]

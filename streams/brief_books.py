"""The books of the brief agent: what the model has cost today, and whose briefs are kept."""

import asyncio

from connectors.ports import Clock
from processors.brief.keeping import booked, spent
from schemas.brief_book import BriefBook
from streams.job import Job
from streams.table import StateTable

__all__ = ["BriefBooks"]


class BriefBooks:
    """One book for each partition, in the agent's table; a partition's book goes where the partition goes.

    The day's tokens are counted over the partitions that this worker has, and survive its restart.
    """

    def __init__(self, table: StateTable, clock: Clock, *, partitions: int, most_tokens: int) -> None:
        self._table = table
        self._clock = clock
        self._partitions = partitions
        self._most_tokens = most_tokens
        self._reserved = 0
        self._one_by_one = asyncio.Lock()

    def reserve(self, tokens: int) -> bool:
        """Set tokens aside for a call that begins now; False if the day's budget does not have them."""
        day = self._clock.now().date()
        today = sum(spent(self._book(number), day) for number in range(self._partitions))
        if today + self._reserved + tokens > self._most_tokens:
            return False
        self._reserved += tokens
        return True

    def release(self, tokens: int) -> None:
        """Give back what was set aside, once the call's cost is entered."""
        self._reserved -= tokens

    async def enter(self, job: Job, tokens: int) -> None:
        """Enter the cost of this input's brief, and forget the briefs that it pushes out."""
        async with self._one_by_one:  # the book is shared by the inputs of a partition
            number = job.origin.partition
            after = booked(self._book(number), job.key, day=self._clock.now().date(), tokens=tokens)
            changes: dict[str, bytes | None] = {_key(number): after.book.model_dump_json().encode()}
            changes |= dict.fromkeys(after.forgotten)
            for key, value in changes.items():
                job.caused.append(await self._table.write(key.encode(), value, number))

    def _book(self, number: int) -> BriefBook:
        held = self._table.read(_key(number).encode())
        return BriefBook.model_validate_json(held) if held is not None else BriefBook()


def _key(number: int) -> str:
    return f"partition:{number}"

"""Group commit: writes that come at the same time share one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from schemas.errors import DealwireError

__all__ = ["GroupCommit"]

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """Collects what is submitted while a transaction runs, and writes that with the next one.

    A lone write waits for nobody. `write` answers each item in its place, with an error for the one it
    belongs to; what it raises belongs to all. Each caller waits for its own item, so what is pending is
    bounded by the number of callers.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], Awaitable[Sequence[Result | DealwireError]]],
        *,
        max_batch: int = 100,
    ) -> None:
        self._write = write
        self._max_batch = max_batch
        self._pending: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """Write one item; return when it is committed."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._pending.append((item, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._run(), name="group-commit")
        return await done

    async def close(self) -> None:
        """Wait until nothing is pending."""
        if self._writer is not None:
            await self._writer

    async def _run(self) -> None:
        while self._pending:
            batch, self._pending = self._pending[: self._max_batch], self._pending[self._max_batch :]
            try:
                results = await self._write([item for item, _ in batch])
            except Exception as error:  # noqa: BLE001  # handed to those who wait, none is swallowed
                for _, done in batch:
                    _fail(done, error)
                continue
            except BaseException:
                for _, done in batch + self._pending:
                    done.cancel()
                raise
            for (_, done), result in zip(batch, results, strict=True):
                if isinstance(result, DealwireError):
                    _fail(done, result)
                elif not done.done():
                    done.set_result(result)


def _fail(done: asyncio.Future[Result], error: Exception) -> None:
    if not done.done():  # its caller may have left
        done.set_exception(error)

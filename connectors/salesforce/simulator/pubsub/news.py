"""Wakes whoever waits for something to happen in the org."""

import asyncio

__all__ = ["News"]


class News:
    """Told when the org changes or its clock moves; then everybody looks again."""

    def __init__(self) -> None:
        self._next: asyncio.Future[None] | None = None

    def tell(self) -> None:
        """Wake everybody."""
        if self._next is not None and not self._next.done():
            self._next.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Wait for news, but no longer than some seconds."""
        if self._next is None or self._next.done():
            self._next = asyncio.get_running_loop().create_future()
        await asyncio.wait((self._next,), timeout=max(0.0, seconds))

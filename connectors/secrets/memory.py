"""Secrets in memory, for tests."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from connectors.secret_store import StaleSecretError, Stored

__all__ = ["MemorySecretStore"]


class MemorySecretStore:
    """Keeps secrets for as long as it lives; there is no key, so nothing is ever sealed anew."""

    def __init__(self) -> None:
        self._stored: dict[str, Stored] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def read(self, ref: str) -> Stored | None:
        """Give a secret."""
        return self._stored.get(ref)

    async def write(self, ref: str, text: str, *, after: int) -> int:
        """Write a secret in place of version `after`."""
        known = self._stored.get(ref)
        version = 0 if known is None else known.version
        if version != after:
            raise StaleSecretError("the secret was changed meanwhile", on=ref)
        version = version + 1 if version else 1 + secrets.randbelow(2**40)
        self._stored[ref] = Stored(text, version)
        return version

    async def forget(self, ref: str) -> None:
        """Remove a secret."""
        self._stored.pop(ref, None)

    @asynccontextmanager
    async def alone(self, ref: str) -> AsyncIterator[None]:
        """Hold a secret alone."""
        async with self._locks[ref]:
            yield

    async def reseal(self) -> int:
        """Have nothing to seal."""
        return 0

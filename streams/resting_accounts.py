"""The account sink with its circuit breaker before it."""

from collections.abc import Sequence

from connectors.ports import AccountSink, Upserted
from schemas.account import Account
from streams.sink_rest import SinkRest

__all__ = ["RestingAccounts"]


class RestingAccounts:
    """An account sink that is left alone while it fails; keeps the promises of the one behind it."""

    def __init__(self, sink: AccountSink, rest: SinkRest) -> None:
        self._sink = sink
        self._rest = rest

    async def upsert(self, account: Account, *, idempotency_key: str) -> Upserted:
        """Hold an account."""
        return await self._rest.call(
            lambda: self._sink.upsert(account, idempotency_key=idempotency_key), key=account.key
        )

    async def get(self, key: str) -> Account | None:
        """Give the account held under `key`."""
        return await self._rest.call(lambda: self._sink.get(key), key=key)

    async def by_id(self, identifier: str) -> Account | None:
        """Give the account whose id is this."""
        return await self._rest.call(lambda: self._sink.by_id(identifier), key=identifier)

    async def candidates(self, account: Account, limit: int) -> Sequence[Account]:
        """Give accounts that may be the same customer."""
        return await self._rest.call(lambda: self._sink.candidates(account, limit), key=account.key)

    async def close(self) -> None:
        """Let go of connections."""
        await self._sink.close()

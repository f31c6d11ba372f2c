"""Accounts in memory: the twin of the real sinks, for tests and for trying a workflow."""

from dataclasses import dataclass

from connectors.ports import Upserted
from schemas.account import Account

__all__ = ["MemoryAccountSink"]


@dataclass(frozen=True, slots=True)
class _Held:
    account: Account
    created_by: str


class MemoryAccountSink:
    """Holds accounts while the process lives. Idempotent as the real ones are."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    async def upsert(self, account: Account, *, idempotency_key: str) -> Upserted:
        """Hold `account` unless its revision or a higher one is held already."""
        held = self._held.get(account.key)
        if held is None:
            held = _Held(account, idempotency_key)
        elif account.revision > held.account.revision:
            held = _Held(account, held.created_by)
        self._held[account.key] = held
        return Upserted(held.account, created=held.created_by == idempotency_key)

    async def get(self, key: str) -> Account | None:
        """Give the account held under `key`."""
        held = self._held.get(key)
        return None if held is None else held.account

    async def close(self) -> None:
        """Nothing to let go of; the accounts stay."""

    @property
    def accounts(self) -> list[Account]:
        """Every account held, in the order of creation."""
        return [held.account for held in self._held.values()]

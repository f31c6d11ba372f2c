"""Accounts in memory: the twin of the real sinks, for tests and for trying a workflow."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.ports import Upserted
from schemas.account import Account
from schemas.account_traits import likeness, traits

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

    async def by_id(self, identifier: str) -> Account | None:
        """Give the account whose id is this."""
        return next((account for account in self.accounts if account.id == identifier), None)

    async def candidates(self, account: Account, limit: int) -> Sequence[Account]:
        """Give accounts of the same org that may be the same customer, the likeliest first."""
        own = traits(account)
        ranked = [
            (rank, held.account.key, held.account)
            for held in self._held.values()
            if held.account.org_id == account.org_id
            and held.account.key != account.key
            and (rank := likeness(own, traits(held.account))) is not None
        ]
        return [other for _, _, other in sorted(ranked, key=lambda one: one[:2])[:limit]]

    async def close(self) -> None:
        """Nothing to let go of; the accounts stay."""

    @property
    def accounts(self) -> list[Account]:
        """Every account held, in the order of creation."""
        return [held.account for held in self._held.values()]

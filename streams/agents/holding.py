"""Has a sink hold an account, and finds out where nobody knows whether it does."""

from connectors.ports import AccountSink
from schemas.account import Account
from schemas.errors import UnavailableError
from streams.agents.commands import bounded

__all__ = ["hold"]


async def hold(sink: AccountSink, account: Account, *, idempotency_key: str) -> Account:
    """Upsert, and give what is held; where the outcome is unknown, ask by the account's own key.

    Raises `UnavailableError` or `RefusedError`.
    """
    on = f"account {account.key}"
    try:
        done = await bounded(sink.upsert(account, idempotency_key=idempotency_key), on=on)
    except UnavailableError as error:
        if not error.unknown_outcome:
            raise
        held = await bounded(sink.get(account.key), on=on)
        if held is None or held.revision < account.revision:
            raise
        return held
    return done.account

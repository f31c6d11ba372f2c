"""All accounts as the public topic tells of them: the latest of each key, and which one somebody means."""

from collections.abc import Iterable, Mapping, MutableMapping

from schemas.account import Account
from schemas.errors import UsageError

__all__ = ["latest", "meant", "put", "target_of"]

_LEAST_CHARS = 6


def latest(accounts: Iterable[Account]) -> dict[str, Account]:
    """Give the highest revision of each key."""
    held: dict[str, Account] = {}
    for account in accounts:
        put(held, account)
    return held


def put(held: MutableMapping[str, Account], account: Account) -> None:
    """Hold an account by its key; a repeat after a crash may bring a lower revision once more."""
    known = held.get(account.key)
    if known is None or account.revision >= known.revision:
        held[account.key] = account


def meant(accounts: Mapping[str, Account], text: str) -> Account:
    """Give the account that somebody named by key, id, the beginning of the id, or opportunity.

    Raises `UsageError` if there is none, or more than one.
    """
    found = [account for account in accounts.values() if text in (account.key, account.id)]
    found = found or [account for account in accounts.values() if account.opportunity_id == text]
    if not found and len(text) >= _LEAST_CHARS:
        found = [account for account in accounts.values() if account.id.startswith(text)]
    if not found:
        raise UsageError(
            f"there is no account {text!r}",
            todo="Name its key, its id (six characters of it will do) or its opportunity; "
            "type: dealwire accounts list",
        )
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} accounts are meant by {text!r}",
            todo=f"Name one of: {', '.join(sorted(account.key for account in found)[:5])}",
        )
    return found[0]


def target_of(accounts: Mapping[str, Account], account: Account) -> Account | None:
    """Give the account that this one was merged into."""
    return next((each for each in accounts.values() if each.id == account.merged_into), None)

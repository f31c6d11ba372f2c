"""The query for accounts that may be the same customer; each of its conditions has an index."""

from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select

from connectors.accounts.tables import accounts, name_start
from schemas.account import Account
from schemas.account_traits import NAME_PREFIX, traits

__all__ = ["look_alikes"]


def look_alikes(account: Account, limit: int) -> Select[Any] | None:
    """Give the query, in the order of `likeness` in the traits; None where nothing is to look for."""
    own = traits(account)
    if not own:
        return None
    same = [
        condition
        for asked, condition in (
            (own.salesforce_account_id, accounts.c.salesforce_account_id == own.salesforce_account_id),
            (own.domain, accounts.c.domain == own.domain),
            (own.name_key, name_start == own.name_key[:NAME_PREFIX]),
        )
        if asked
    ]
    rank = case(*((condition, place) for place, condition in enumerate(same)))
    apart = func.abs(func.length(accounts.c.name_key) - len(own.name_key))
    # The org stands in each, since it comes first in each index.
    anyone = or_(*(and_(accounts.c.org_id == account.org_id, condition) for condition in same))
    return (
        select(accounts)
        .where(anyone, accounts.c.key != account.key)
        .order_by(rank, apart, accounts.c.key)
        .limit(limit)
    )

"""An account that several deals write: each deal's word counts where it says something of its own.

A deal that joins an existing account sends the whole document as it saw it, with its own values put in. What
it changed of that is its word; the rest is only what it saw, and stays with whoever said it. (What changed in
the seconds between its look and its first write counts as its word.)
"""

from collections.abc import Sequence

from processors.account_filling import FIELDS, is_blank
from schemas.account import Account
from schemas.account_merge import JoinedDeal

__all__ = ["folded", "joined", "together"]

_MOST = 20


def joined(
    deals: Sequence[JoinedDeal], seen: Account, opportunity_id: str, says: Account
) -> list[JoinedDeal]:
    """Take what a deal says of an account that it joined; `seen` is the account as it was before.

    A revision of this deal that is not higher than its last one changes nothing.
    """
    before = next((deal for deal in deals if deal.opportunity_id == opportunity_id), None)
    if before is None:
        return [*deals, JoinedDeal(opportunity_id=opportunity_id, seen=seen, says=says)]
    if says.revision <= before.says.revision:
        return list(deals)
    return [deal.model_copy(update={"says": says}) if deal is before else deal for deal in deals]


def together(own: Account, deals: Sequence[JoinedDeal]) -> Account:
    """Give what all deals say, the one that joined last before the others; with the revision of `own`."""
    for deal in deals:
        own = _over(own, deal)
    return own


def folded(own: Account, deals: Sequence[JoinedDeal]) -> tuple[Account, tuple[JoinedDeal, ...]]:
    """Keep the last twenty deals apart; what earlier ones said becomes the account's own."""
    old, kept = deals[:-_MOST], deals[-_MOST:]
    return together(own, old), tuple(kept)


def _over(own: Account, deal: JoinedDeal) -> Account:
    says, seen = deal.says, deal.seen
    values: dict[str, object] = {
        name: value
        for name in FIELDS
        if not is_blank(value := getattr(says, name)) and value != getattr(seen, name)
    }
    if says.arr is not None and (says.arr, says.currency) != (seen.arr, seen.currency):
        values |= {"arr": says.arr, "currency": says.currency}
    custom = {name: value for name, value in says.custom.items() if value != seen.custom.get(name)}
    if says.updated_at is not None and (own.updated_at is None or says.updated_at > own.updated_at):
        values |= {"updated_at": says.updated_at, "run_id": says.run_id}
    return own.model_copy(update={**values, "custom": {**own.custom, **custom}})

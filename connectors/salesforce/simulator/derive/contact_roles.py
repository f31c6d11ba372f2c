"""Of the people on an opportunity at most one is the primary contact."""

from typing import TYPE_CHECKING

from connectors.salesforce.simulator.objects import Row

if TYPE_CHECKING:
    from connectors.salesforce.simulator.transaction import Transaction

__all__ = ["keep_one_primary"]


def keep_one_primary(tx: "Transaction", _before: Row | None, row: Row) -> None:
    """Take the mark from the former primary contact when another gets it."""
    if not row.get("IsPrimary"):
        return
    for other in tuple(tx.org.store.find("OpportunityContactRole", "OpportunityId", row["OpportunityId"])):
        if other["Id"] != row["Id"] and other.get("IsPrimary"):
            tx.change("OpportunityContactRole", str(other["Id"]), {"IsPrimary": False})

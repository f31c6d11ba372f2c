"""A person's full name is made of its parts."""

from typing import TYPE_CHECKING

from connectors.salesforce.simulator.objects import Row, Value

if TYPE_CHECKING:
    from connectors.salesforce.simulator.transaction import Transaction

__all__ = ["name_person"]


def name_person(
    _tx: "Transaction", _before: Row | None, row: dict[str, Value], _given: frozenset[str]
) -> None:
    """Join first and last name."""
    row["Name"] = " ".join(str(part) for part in (row.get("FirstName"), row.get("LastName")) if part)

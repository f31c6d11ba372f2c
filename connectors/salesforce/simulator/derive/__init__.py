"""What the org works out itself when a record is written: before it is stored, and after.

One file an object. A hook before the write may set fields of the row; one after it may write other records
of the same transaction.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.derive import activities, contact_roles, notes, opportunities, people
from connectors.salesforce.simulator.objects import Row, Value

if TYPE_CHECKING:
    from connectors.salesforce.simulator.transaction import Transaction

__all__ = ["after_write", "before_write"]

_Before = Callable[["Transaction", Row | None, dict[str, Value], frozenset[str]], None]
_After = Callable[["Transaction", Row | None, Row], None]

_BEFORE: Mapping[str, _Before] = {
    "Opportunity": opportunities.work_out,
    "Contact": people.name_person,
    "User": people.name_person,
    "Task": activities.close_task,
    "Event": activities.time_event,
    "ContentVersion": notes.version,
}
_AFTER: Mapping[str, _After] = {
    "Opportunity": opportunities.follow,
    "OpportunityContactRole": contact_roles.keep_one_primary,
    "ContentVersion": notes.publish,
}


def before_write(
    tx: "Transaction", name: str, before: Row | None, row: dict[str, Value], given: frozenset[str]
) -> None:
    """Complete a row that is about to be stored; `given` are the fields that the caller named."""
    hook = _BEFORE.get(name)
    if hook is not None:
        hook(tx, before, row, given)


def after_write(tx: "Transaction", name: str, before: Row | None, row: Row) -> None:
    """Write what follows from a row that was stored."""
    hook = _AFTER.get(name)
    if hook is not None:
        hook(tx, before, row)

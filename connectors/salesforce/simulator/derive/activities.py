"""What follows from a task's status and an event's times."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.objects import Row, Value

if TYPE_CHECKING:
    from connectors.salesforce.simulator.transaction import Transaction

__all__ = ["close_task", "time_event"]

_HOUR = 60


def close_task(tx: "Transaction", before: Row | None, row: dict[str, Value], _given: frozenset[str]) -> None:
    """Close a task whose status says that it is completed."""
    closed = row.get("Status") == "Completed"
    if closed and not (before or {}).get("IsClosed"):
        row["CompletedDateTime"] = tx.now
    elif not closed:
        row["CompletedDateTime"] = None
    row["IsClosed"] = closed


def time_event(_tx: "Transaction", _before: Row | None, row: dict[str, Value], given: frozenset[str]) -> None:
    """Make an event's start, end, duration and day agree."""
    start, end, minutes = row.get("StartDateTime"), row.get("EndDateTime"), row.get("DurationInMinutes")
    if not isinstance(start, datetime):
        return
    if isinstance(end, datetime) and ("EndDateTime" in given or not isinstance(minutes, int)):
        minutes = int((end - start).total_seconds() // 60)
    elif not isinstance(minutes, int):
        minutes = _HOUR
    row["DurationInMinutes"] = minutes
    row["EndDateTime"] = start + timedelta(minutes=minutes)
    row["ActivityDateTime"] = start
    row["ActivityDate"] = start.date()

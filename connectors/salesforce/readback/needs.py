"""What the changes of an event leave open, and which deals must be read back for it. Pure.

Source: Change Data Capture Developer Guide, "Gap Events", "Overflow Events", "ChangeEventHeader Fields"
(`recordIds` may hold a wildcard such as `006*`). That names of changed fields may hold one, too, is our
caution: it costs one query.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.change import Change
from schemas.ids import is_salesforce_id

__all__ = ["MARGIN", "Need", "need_of"]

MARGIN = timedelta(minutes=15)
"""A record is stamped when it is written and heard of when that is committed; a transaction may take long."""

_GAPS = frozenset({"GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE"})
_OVERFLOW = "GAP_OVERFLOW"


@dataclass(frozen=True, slots=True)
class Need:
    """Deals to read back by their ids, each for a change; and since when to read all that were touched."""

    reason: str
    deals: tuple[Change, ...] = ()
    since: datetime | None = None


def need_of(changes: Iterable[Change], at: datetime) -> Need | None:
    """Give what an event that arrived at a moment leaves open; None where it says all."""
    reason, deals, since = "", [], None
    for change in changes:
        why = _why(change)
        if not why:
            continue
        reason = reason or why
        if why in ("gap", "wildcard fields"):
            deals.append(change)
        else:
            reason = why
            since = (change.commit_time or at) - MARGIN
    return Need(reason, tuple(deals), since) if reason else None


def _why(change: Change) -> str:
    if change.entity != "Opportunity":
        return ""
    if change.change_type == _OVERFLOW:
        return "overflow"
    if "*" in change.record_id:
        return "wildcard records"
    if not is_salesforce_id(change.record_id):
        return ""
    if change.change_type in _GAPS:
        return "gap"
    fields = change.changed_fields
    is_open = (
        change.change_type == "UPDATE" and "StageName" not in fields and any("*" in one for one in fields)
    )
    return "wildcard fields" if is_open else ""

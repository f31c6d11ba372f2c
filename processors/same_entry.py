"""Which remembered entry a deal's entry into a stage is, if it was told before by another way. Pure.

A deal says itself when it entered its stage, and its history says it in a row; an org may stamp the two up to
two seconds apart, while a deal may pass through stages within a second. So moments alone do not tell. But
each entry is said once by the deal and has one row: what has its row cannot have another one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from schemas.run import KnownEntry

__all__ = ["same_entry", "told_again"]

_WITHIN = timedelta(seconds=5)
_STAMPS_DIFFER = timedelta(seconds=2)


def same_entry(
    entries: Sequence[KnownEntry], stage: str, moment: datetime, *, row_id: str, change_id: str
) -> KnownEntry | None:
    """Give the entry that is told of again; `entries` in the order they were told.

    `row_id` is the row of the history that says so, empty where the deal itself does.
    """
    own = [each for each in entries if each.stage == stage]
    for each in own:
        if each.change_id == change_id or (each.row_id == row_id if row_id else each.event_at == moment):
            return each
    free = [each for each in own if not (each.row_id if row_id else each.event_at)]
    for each in free:
        if abs(each.entered_at - moment) <= _STAMPS_DIFFER:
            return each
    # The deal may be heard by a way that gives another date of it; two rows of the history are two entries.
    for each in free if row_id else own:
        if abs(each.entered_at - moment) <= _WITHIN and not _is_between(entries, each, moment):
            return each
    return next((each for each in own if each.entered_at == moment), None)


def told_again(entry: KnownEntry, moment: datetime, row_id: str) -> KnownEntry:
    """Give the entry with what told of it this time."""
    if row_id:
        return entry if entry.row_id else entry.model_copy(update={"row_id": row_id})
    return entry if entry.event_at else entry.model_copy(update={"event_at": moment})


def _is_between(entries: Sequence[KnownEntry], entry: KnownEntry, moment: datetime) -> bool:
    """Whether the deal was in another stage between the two; within one second, the order told says so."""
    first, last = sorted((entry.entered_at, moment))
    told = entries.index(entry)
    return any(
        first < other.entered_at < last or (index > told and first <= other.entered_at <= last)
        for index, other in enumerate(entries)
        if other.stage != entry.stage
    )

"""Deals that go to the recycle bin and come back: each time one fact, by whichever way it is heard.

A change event tells of both. Polling tells that a deal is in the bin, or that it was touched; so a change
later than the deletion means that the deal is back.
"""

from datetime import datetime, timedelta

from schemas.change import Change
from schemas.ids import derived_id
from schemas.run import KnownFate, StageState
from schemas.stage import OPPORTUNITY_DELETED, OPPORTUNITY_UNDELETED, StageEntry

__all__ = ["is_back", "tell"]

_REMEMBERED = 8
_SAME_FATE_WITHIN = timedelta(minutes=15)
"""A change event has the moment of the commit, a record that of the write; a transaction may take long."""
_STAMPS_DIFFER = timedelta(seconds=5)


def is_back(known: StageState, change: Change) -> bool:
    """Whether a change says or means that a deal is no longer deleted; a repeat means it again."""
    if change.entity != "Opportunity" or change.change_type not in ("UPDATE", "UNDELETE"):
        return False
    if change.change_type == "UNDELETE" or change.commit_time is None:
        return change.change_type == "UNDELETE"
    if any(fate.kind == OPPORTUNITY_UNDELETED and fate.change_id == change.id for fate in known.fates):
        return True
    last = max(known.fates, key=lambda fate: fate.at, default=None)
    return (
        last is not None
        and last.kind == OPPORTUNITY_DELETED
        and change.commit_time > last.at + _STAMPS_DIFFER
    )


def tell(known: StageState, change: Change, kind: str) -> tuple[StageState, StageEntry]:
    """Give the fact that a deal was deleted, or is back, and what to remember; the same fact, the same id."""
    if change.commit_time is None:
        return known, _told(change, kind, derived_id(kind, change.id), None, known.stage)
    at = change.commit_time.replace(microsecond=0)
    same = _same(known, kind, at)
    if same is not None:
        return known, _told(change, kind, same.id, same.at, known.stage)
    computed = derived_id(kind, change.org_id, change.record_id, str(int(at.timestamp())))
    fate = KnownFate(id=computed, kind=kind, at=at, change_id=change.id)
    fates = (*known.fates, fate)[-_REMEMBERED:]
    return known.model_copy(update={"fates": fates}), _told(change, kind, computed, at, known.stage)


def _same(known: StageState, kind: str, at: datetime) -> KnownFate | None:
    """Find a fate of this kind nearby, with none of the other kind between the two."""
    for fate in known.fates:
        if fate.kind != kind or abs(fate.at - at) > _SAME_FATE_WITHIN:
            continue
        first, last = sorted((fate.at, at))
        if not any(other.kind != kind and first < other.at < last for other in known.fates):
            return fate
    return None


def _told(change: Change, kind: str, computed: str, at: datetime | None, stage: str) -> StageEntry:
    return StageEntry(
        id=computed,
        org_id=change.org_id,
        kind=kind,
        opportunity_id=change.record_id,
        stage=stage,
        entered_at=at,
        change_id=change.id,
    )

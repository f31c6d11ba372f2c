"""Finds stage entries in changes of opportunities.

A change counts only for what it says: `StageName` among the changed fields of an update, or any create or
undelete. The moment of entry is LastStageChangeDate, else CreatedDate on create or undelete, else
LastModifiedDate, else the commit time, in whole seconds UTC; so the same entry has the same id by whichever
way it was heard.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from processors.fates import is_back, tell
from processors.same_entry import same_entry, told_again
from schemas.change import Change
from schemas.errors import UnreadableError
from schemas.ids import derived_id, is_salesforce_id, stage_entry_id
from schemas.inbox import DEAL_CHANGED, InboxRecord
from schemas.run import KnownEntry, StageState
from schemas.stage import OPPORTUNITY_DELETED, OPPORTUNITY_UNDELETED, STAGE_ENTERED, StageEntry

_REMEMBERED = 16
_DATES = ("LastStageChangeDate", "CreatedDate", "LastModifiedDate")


@dataclass(frozen=True, slots=True)
class Observation:
    """What a change meant: the state to remember, the records to publish, and why there may be none."""

    state: StageState
    entries: tuple[StageEntry, ...] = ()
    ignored: str = ""


def observe(state: StageState | None, change: Change) -> Observation:
    """Read one change against what is remembered of its opportunity.

    A repeat gives the same entries again. Raises `UnreadableError` for a body that says nothing sensible.
    """
    known = state or StageState()
    reason = _ignored(change)
    comes_back = is_back(known, change)
    if reason and not comes_back:
        return Observation(known, ignored=reason)
    if change.change_type == "DELETE":
        known, told = tell(known, change, OPPORTUNITY_DELETED)
        return Observation(known, (told,))
    before: tuple[StageEntry, ...] = ()
    if comes_back:
        known, told = tell(known, change, OPPORTUNITY_UNDELETED)
        before = (told,)
    if reason:
        return Observation(known, before)
    entered = _entered(known, change, _body(change), created=change.change_type == "CREATE")
    return Observation(entered.state, (*before, *entered.entries))


def news(change: Change) -> InboxRecord | None:
    """Give what runs that wait for a change of their deal are told of one that entered no stage."""
    of_deal = change.entity == "Opportunity" and change.change_type in ("UPDATE", "GAP_UPDATE")
    if not of_deal or not is_salesforce_id(change.record_id) or "StageName" in change.changed_fields:
        return None
    return InboxRecord(
        id=derived_id(DEAL_CHANGED, change.id),
        org_id=change.org_id,
        kind=DEAL_CHANGED,
        opportunity_id=change.record_id,
    )


def _ignored(change: Change) -> str:
    """Say why a change is none of ours; empty if it is."""
    if change.entity != "Opportunity":
        return f"{change.entity} has no stage"
    if change.change_type not in ("CREATE", "UPDATE", "DELETE", "UNDELETE"):
        return f"{change.change_type} carries no values; the record must be read back"
    if change.change_type == "UPDATE" and "StageName" not in change.changed_fields:
        return "the stage did not change"
    return ""


def _entered(
    known: StageState, change: Change, body: Mapping[str, Any], *, created: bool = False
) -> Observation:
    stage = body.get("StageName")
    if not isinstance(stage, str) or not stage:
        raise UnreadableError(
            f"StageName is {type(stage).__name__}, not the name of a stage",
            on=f"opportunity {change.record_id}",
        )
    moment = _moment(change, body, created=created)
    row_id = _row_id(body)
    same = same_entry(known.entries, stage, moment, row_id=row_id, change_id=change.id)
    if same is not None:
        told = told_again(same, moment, row_id)
        entries = tuple(told if each is same else each for each in known.entries)
        return Observation(known.model_copy(update={"entries": entries}), (_entry(change, told),))
    late = known.entered_at is not None and moment < known.entered_at
    entry = KnownEntry(
        id=stage_entry_id(change.org_id, change.record_id, stage, moment),
        stage=stage,
        entered_at=moment,
        previous_stage=None if late or created else known.stage or None,
        late=late,
        created=created,
        change_id=change.id,
        event_at=None if row_id else moment,
        row_id=row_id,
    )
    entries = (*known.entries, entry)[-_REMEMBERED:]
    present = {} if late else {"stage": stage, "entered_at": moment}
    remembered = known.model_copy(update={"entries": entries, **present})
    return Observation(remembered, (_entry(change, entry),))


def _entry(change: Change, entry: KnownEntry) -> StageEntry:
    return StageEntry(
        id=entry.id,
        org_id=change.org_id,
        kind=STAGE_ENTERED,
        opportunity_id=change.record_id,
        stage=entry.stage,
        entered_at=entry.entered_at,
        previous_stage=entry.previous_stage,
        created_in_stage=entry.created,
        late=entry.late,
        change_id=entry.change_id,
    )


def _body(change: Change) -> Mapping[str, Any]:
    try:
        body = json.loads(change.body)
    except ValueError as error:
        raise UnreadableError(f"the body is not JSON: {error}", on=f"change {change.id}") from None
    if not isinstance(body, dict):
        raise UnreadableError("the body is not a JSON object", on=f"change {change.id}")
    return body


def _row_id(body: Mapping[str, Any]) -> str:
    found = body.get("OpportunityHistoryId")
    return found if isinstance(found, str) else ""


def _moment(change: Change, body: Mapping[str, Any], *, created: bool) -> datetime:
    for name in _DATES:
        # One that comes back says all its fields: without a date of its stage it never left its first one.
        if name == "CreatedDate" and not created and change.change_type != "UNDELETE":
            continue
        value = body.get(name)
        if value is None:
            continue
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise UnreadableError(f"{name} is {value!r:.60}, not a time", on=f"change {change.id}") from None
        if moment.tzinfo is None:
            raise UnreadableError(f"{name} is {value!r}, a time without its zone", on=f"change {change.id}")
        return _whole_second(moment)
    if change.commit_time is None:
        raise UnreadableError("there is no time in it at all", on=f"change {change.id}")
    return _whole_second(change.commit_time)


def _whole_second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)

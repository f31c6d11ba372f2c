"""What a transaction did, as drafts of change events: one a record, merged where the same, bounded.

Source: Change Data Capture Developer Guide, "Change Event Body Fields", "Merged Change Events", "Overflow
Events".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.salesforce.simulator.objects import FieldType, Row, Value
from connectors.salesforce.simulator.text_diff import TextDiff, as_sent

__all__ = ["OVERFLOW", "Body", "Draft", "RecordChange", "drafts"]

OVERFLOW = 100_000
"""How many changes of one transaction are told one by one. A real org offers no way to change it."""

_OVERFLOW_ID = "000000000000000AAA"
# Far below what makes an event too large, whatever its fields hold.
_MOST_MERGED = 10_000

Body = Mapping[str, Value | TextDiff]


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What one transaction did to one record, from first to last."""

    entity: str
    record_id: str
    change_type: str
    before: Row | None
    after: Row | None


@dataclass(slots=True)
class Draft:
    """An event to be. `body` holds fields by their API names, None only where an update set null."""

    entity: str
    change_type: str
    record_ids: list[str]
    changed: tuple[FieldType, ...] = ()
    body: Body = field(default_factory=dict)


def drafts(
    fields: Mapping[str, Sequence[FieldType]], changes: Iterable[RecordChange], *, most: int = OVERFLOW
) -> list[Draft]:
    """Draft the events of a transaction. `fields` are those that events of each entity may carry."""
    return _merged(_limited(fields, changes, most))


def _limited(
    fields: Mapping[str, Sequence[FieldType]], changes: Iterable[RecordChange], most: int
) -> Iterator[Draft]:
    """Draft an event for each change; past the limit of a transaction one overflow event an entity.

    A create or a delete counts as one change, an update as one for each field.
    """
    count = 0
    overflowed: dict[str, Draft] = {}
    for change in changes:
        draft = _draft(fields[change.entity], change)
        count += len(draft.changed) or 1
        if count <= most:
            yield draft
        else:
            overflowed.setdefault(change.entity, Draft(change.entity, "GAP_OVERFLOW", [_OVERFLOW_ID]))
    yield from overflowed.values()


def _draft(fields: Sequence[FieldType], change: RecordChange) -> Draft:
    draft = Draft(change.entity, change.change_type, [change.record_id])
    if change.change_type == "UPDATE":
        before, after = change.before or {}, change.after or {}
        draft.changed = tuple(
            item
            for item in fields
            if item.name == "LastModifiedDate" or before.get(item.name) != after.get(item.name)
        )
        draft.body = {
            item.name: _sent(item, before.get(item.name), after.get(item.name)) for item in draft.changed
        }
    elif change.after is not None:
        row = change.after
        draft.body = {item.name: value for item in fields if (value := row.get(item.name)) is not None}
    return draft


def _sent(item: FieldType, old: Value, new: Value) -> Value | TextDiff:
    if item.type == "textarea" and isinstance(old, str) and isinstance(new, str):
        return as_sent(old, new)
    return new


def _merged(single: Iterable[Draft]) -> list[Draft]:
    """Make one event of the same change to several records of one entity."""
    merged: list[Draft] = []
    open_to: dict[object, Draft] = {}
    for draft in single:
        key = (draft.entity, draft.change_type, tuple(draft.body.items()))
        into = open_to.get(key)
        if into is None or len(into.record_ids) >= _MOST_MERGED:
            open_to[key] = draft
            merged.append(draft)
        else:
            into.record_ids.extend(draft.record_ids)
    return merged

"""The change log: what transactions did to records, as change events, kept for 72 hours of the org's clock.

Rules of what becomes an event: Change Data Capture Developer Guide, "Merged Change Events", "General
Considerations", "Overflow Events" and "ChangeEventHeader Fields".
"""

import random
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from connectors.salesforce.simulator.clock import SimClock
from connectors.salesforce.simulator.objects import FieldType, Objects, Row, Value
from connectors.salesforce.simulator.text_diff import TextDiff, as_sent

__all__ = [
    "DEFAULT_SELECTION",
    "Body",
    "ChangeEvent",
    "ChangeLog",
    "RecordChange",
    "api_origin",
    "event_name",
]

DEFAULT_SELECTION = ("Opportunity", "OpportunityContactRole", "Account", "Contact", "ContentDocumentLink")
"""The entities selected for Change Data Capture to begin with: five are what a licence without add-on has."""

_RETENTION = timedelta(hours=72)
_OVERFLOW = 100_000
# Far below what makes an event too large, whatever its fields hold.
_MOST_MERGED = 10_000
_OVERFLOW_ID = "000000000000000AAA"
_LARGEST_STEP = 7


Body = Mapping[str, Value | TextDiff]


def api_origin(version: str, client: str | None = None, api: str = "rest") -> str:
    """Give the changeOrigin of a call; `client` is what `Sforce-Call-Options: client=` named."""
    return f"com/salesforce/api/{api}/{version};client={client or 'SfdcInternalAPI/'}"


def event_name(item: FieldType) -> str:
    """Name a field as `changedFields` does: `StageName`, `BillingAddress.Street`."""
    return f"{item.compound}.{item.component}" if item.compound else item.name


def _sent(item: FieldType, old: Value, new: Value) -> Value | TextDiff:
    if item.type == "textarea" and isinstance(old, str) and isinstance(new, str):
        return as_sent(old, new)
    return new


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What one transaction did to one record, from first to last."""

    entity: str
    record_id: str
    change_type: str
    before: Row | None
    after: Row | None


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """One event. `body` holds fields by their API names, None only where an update set null."""

    replay_id: int
    entity: str
    record_ids: tuple[str, ...]
    change_type: str
    transaction_key: str
    sequence_number: int
    commit_number: int
    committed_at: datetime
    commit_user: str
    change_origin: str
    changed: tuple[FieldType, ...]
    body: Body
    rendered: dict[frozenset[str], bytes] = field(default_factory=dict, repr=False, compare=False)
    """What was sent of it, by the fields that were hidden; filled by whoever sends."""


@dataclass(slots=True)
class _Draft:
    entity: str
    change_type: str
    record_ids: list[str]
    changed: tuple[FieldType, ...]
    body: Body


class ChangeLog:
    """Events of the selected entities in the order of their commits. Replay ids rise, with gaps."""

    def __init__(self, objects: Objects, clock: SimClock, seed: int) -> None:
        self.selected: list[str] = list(DEFAULT_SELECTION)
        self.retention = _RETENTION
        self._objects = objects
        self._clock = clock
        # Chance that must repeat with the seed; nothing secret hangs on it.
        self._random = random.Random(f"changes:{seed}")  # noqa: S311 - see above
        self._events: list[ChangeEvent] = []
        self._ids: list[int] = []
        self._last = 400_000 + self._random.randrange(50_000)
        self._commit = 11_820_931_000_000 + self._random.randrange(1_000_000)
        self._watchers: list[Callable[[], None]] = []
        self._event_fields = {
            name: tuple(item for item in kind.fields if item.in_events) for name, kind in objects.items()
        }

    @property
    def newest(self) -> int:
        """The replay id up to which everything has been appended."""
        return self._last

    def knows(self, replay_id: int) -> bool:
        """Say whether a subscription may resume after this id: it is retained."""
        self._purge()
        at = bisect_right(self._ids, replay_id)
        return at > 0 and self._ids[at - 1] == replay_id

    def after(self, replay_id: int) -> Iterator[ChangeEvent]:
        """Give the retained events after an id, oldest first."""
        self._purge()
        for at in range(bisect_right(self._ids, replay_id), len(self._events)):
            yield self._events[at]

    def watch(self, watcher: Callable[[], None]) -> None:
        """Have `watcher` called after each append."""
        self._watchers.append(watcher)

    def forget_all(self) -> None:
        """Lose every event and number anew from far away, as a migration to another instance does."""
        self._events.clear()
        self._ids.clear()
        self._last += 10_000_000

    def append(self, changes: Sequence[RecordChange], user_id: str, origin: str) -> None:
        """Append the events of one committed transaction, if it touched entities that have any."""
        eligible = [each for each in changes if self._objects[each.entity].change_events]
        drafts = self._merged(self._limited(eligible))
        self._commit_drafts(drafts, user_id, origin)

    def append_gap(self, entity: str, record_ids: Sequence[str], change_type: str, user_id: str) -> None:
        """Append a gap event: header only, for changes that the bus could not carry."""
        self._commit_drafts([_Draft(entity, change_type, list(record_ids), (), {})], user_id, "")

    def _commit_drafts(self, drafts: Sequence[_Draft], user_id: str, origin: str) -> None:
        now = self._clock.now()
        key = str(UUID(int=self._random.getrandbits(112)))
        self._commit += self._random.randrange(1, 1_000)
        appended = False
        for number, draft in enumerate(drafts, start=1):
            if draft.entity not in self.selected:
                continue
            self._last += self._random.randrange(1, _LARGEST_STEP)
            self._ids.append(self._last)
            self._events.append(
                ChangeEvent(
                    replay_id=self._last,
                    entity=draft.entity,
                    record_ids=tuple(draft.record_ids),
                    change_type=draft.change_type,
                    transaction_key=key,
                    sequence_number=number,
                    commit_number=self._commit,
                    committed_at=now,
                    commit_user=user_id,
                    change_origin=origin,
                    changed=draft.changed,
                    body=draft.body,
                )
            )
            appended = True
        if appended:
            for watcher in tuple(self._watchers):
                watcher()

    def _limited(self, changes: Iterable[RecordChange]) -> Iterator[_Draft]:
        """Draft an event for each change; past the limit of a transaction one overflow event an entity."""
        count = 0
        overflowed: dict[str, _Draft] = {}
        for each in changes:
            draft = self._draft(each)
            count += len(draft.changed) or 1
            if count <= _OVERFLOW:
                yield draft
            else:
                overflowed.setdefault(
                    each.entity, _Draft(each.entity, "GAP_OVERFLOW", [_OVERFLOW_ID], (), {})
                )
        yield from overflowed.values()

    def _draft(self, change: RecordChange) -> _Draft:
        fields = self._event_fields[change.entity]
        changed: tuple[FieldType, ...] = ()
        body: Body = {}
        if change.change_type == "UPDATE":
            before, after = change.before or {}, change.after or {}
            changed = tuple(
                item
                for item in fields
                if item.name == "LastModifiedDate" or before.get(item.name) != after.get(item.name)
            )
            body = {item.name: _sent(item, before.get(item.name), after.get(item.name)) for item in changed}
        elif change.after is not None:
            body = {item.name: value for item in fields if (value := change.after.get(item.name)) is not None}
        return _Draft(change.entity, change.change_type, [change.record_id], changed, body)

    @staticmethod
    def _merged(drafts: Iterable[_Draft]) -> list[_Draft]:
        """Make one event of the same change to several records of one entity."""
        merged: list[_Draft] = []
        open_to: dict[object, _Draft] = {}
        for draft in drafts:
            key = (draft.entity, draft.change_type, draft.changed, tuple(draft.body.items()))
            into = open_to.get(key)
            if into is None or len(into.record_ids) >= _MOST_MERGED:
                open_to[key] = draft
                merged.append(draft)
            else:
                into.record_ids.extend(draft.record_ids)
        return merged

    def _purge(self) -> None:
        oldest = self._clock.now() - self.retention
        gone = 0
        while gone < len(self._events) and self._events[gone].committed_at < oldest:
            gone += 1
        if gone:
            del self._events[:gone], self._ids[:gone]

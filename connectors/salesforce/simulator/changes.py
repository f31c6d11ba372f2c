"""The change log: what transactions did to records, as change events, kept for 72 hours of the org's clock.

What becomes an event is decided in `change_drafts.py`. Source: Change Data Capture Developer Guide,
"ChangeEventHeader Fields", "Change Event Storage and Delivery".
"""

import random
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from connectors.salesforce.simulator.change_drafts import Body, Draft, RecordChange, drafts
from connectors.salesforce.simulator.clock import SimClock
from connectors.salesforce.simulator.objects import FieldType, Objects

__all__ = [
    "DEFAULT_SELECTION",
    "ChangeEvent",
    "ChangeLog",
    "api_origin",
    "event_name",
]

DEFAULT_SELECTION = ("Opportunity", "OpportunityContactRole", "Account", "Contact", "ContentDocumentLink")
"""The entities selected for Change Data Capture to begin with: five are what a licence without add-on has."""

_RETENTION = timedelta(hours=72)
_LARGEST_STEP = 7


def api_origin(version: str, client: str | None = None, api: str = "rest") -> str:
    """Give the changeOrigin of a call; `client` is what `Sforce-Call-Options: client=` named."""
    return f"com/salesforce/api/{api}/{version};client={client or 'SfdcInternalAPI/'}"


def event_name(item: FieldType) -> str:
    """Name a field as `changedFields` does: `StageName`, `BillingAddress.Street`."""
    return f"{item.compound}.{item.component}" if item.compound else item.name


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


class ChangeLog:
    """Events of the selected entities in the order of their commits. Replay ids rise, with gaps."""

    def __init__(self, objects: Objects, clock: SimClock, seed: int) -> None:
        self.selected: list[str] = list(DEFAULT_SELECTION)
        self.retention = _RETENTION
        self._clock = clock
        # Chance that must repeat with the seed; nothing secret hangs on it.
        self._random = random.Random(f"changes:{seed}")  # noqa: S311 - see above
        self._events: list[ChangeEvent] = []
        self._ids: list[int] = []
        self._last = 400_000 + self._random.randrange(50_000)
        self._scn = 11_820_931_000_000 + self._random.randrange(1_000_000)
        self._watchers: list[Callable[[], None]] = []
        self._event_fields = {
            name: tuple(item for item in kind.fields if item.in_events)
            for name, kind in objects.items()
            if kind.change_events
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

    def append(self, changes: Iterable[RecordChange], user_id: str, origin: str) -> None:
        """Append the events of one committed transaction, if it touched entities that have any."""
        heard = [each for each in changes if each.entity in self._event_fields]
        self._commit(drafts(self._event_fields, heard), user_id, origin)

    def append_gap(self, entity: str, record_ids: Sequence[str], change_type: str, user_id: str) -> None:
        """Append a gap event: header only, for changes that the bus could not carry."""
        self._commit([Draft(entity, change_type, list(record_ids))], user_id, "")

    def _commit(self, single: Sequence[Draft], user_id: str, origin: str) -> None:
        now = self._clock.now()
        key = str(UUID(int=self._random.getrandbits(112)))
        self._scn += self._random.randrange(1, 1_000)
        appended = False
        for number, draft in enumerate(single, start=1):
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
                    commit_number=self._scn,
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

    def _purge(self) -> None:
        oldest = self._clock.now() - self.retention
        gone = 0
        while gone < len(self._events) and self._events[gone].committed_at < oldest:
            gone += 1
        if gone:
            del self._events[:gone], self._ids[:gone]

"""The change log: what transactions did to records, as change events, kept for 72 hours of the org's clock.

What becomes an event is decided in `change_drafts.py`. Source: Change Data Capture Developer Guide,
"ChangeEventHeader Fields", "Change Event Storage and Delivery".
"""

import random
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from connectors.salesforce.simulator.change_drafts import OVERFLOW, Body, Draft, RecordChange, drafts
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
    selected: bool = True
    """Whether it is on the standard channel too, and not on custom ones alone."""
    rendered: dict[frozenset[str], bytes] = field(default_factory=dict, repr=False, compare=False)
    """What was sent of it, by the fields that were hidden; filled by whoever sends."""


@dataclass(frozen=True, slots=True)
class _Committed:
    """A draft on its way to the bus."""

    due: datetime
    draft: Draft
    sequence_number: int
    at: datetime
    transaction_key: str
    commit_number: int
    user: str
    origin: str


class ChangeLog:
    """Events of the selected entities in the order of their commits. Replay ids rise, with gaps.

    Three numbers are for tests to set: `overflow_after`, how many changes of one transaction are told one by
    one; `delay`, how long after its commit an event reaches the bus; `gaps_to_come`, how many of the next
    events the bus cannot carry, so that a gap event takes the place of each.
    """

    def __init__(self, objects: Objects, clock: SimClock, seed: int) -> None:
        self.selected = [
            name for name in DEFAULT_SELECTION if name in objects and objects[name].change_events
        ]
        self.on_channels: set[str] = set()
        """The entities that are on custom channels, whether selected or not."""
        self.retention = _RETENTION
        self.overflow_after = OVERFLOW
        self.delay = timedelta(0)
        self.gaps_to_come = 0
        self._clock = clock
        # Chance that must repeat with the seed; nothing secret hangs on it.
        self._random = random.Random(f"changes:{seed}")  # noqa: S311 - see above
        self._events: list[ChangeEvent] = []
        self._ids: list[int] = []
        self._tips: dict[int, datetime] = {}
        self._last = 400_000 + self._random.randrange(50_000)
        self._scn = 11_820_931_000_000 + self._random.randrange(1_000_000)
        self._watchers: list[Callable[[], None]] = []
        self._committed: deque[_Committed] = deque()
        self._event_fields = {
            name: tuple(item for item in kind.fields if item.in_events)
            for name, kind in objects.items()
            if kind.change_events
        }

    @property
    def newest(self) -> int:
        """The replay id up to which everything has been appended."""
        self._publish_due()
        return self._last

    @property
    def next_due(self) -> datetime | None:
        """The moment at which the next delayed event reaches the bus; None if nothing is under way."""
        return self._committed[0].due if self._committed else None

    def knows(self, replay_id: int) -> bool:
        """Say whether a subscription may resume after this id: it is retained."""
        self._publish_due()
        self._purge()
        at = bisect_right(self._ids, replay_id)
        return (at > 0 and self._ids[at - 1] == replay_id) or replay_id in self._tips

    def tip(self) -> int:
        """Give the newest id to a quiet subscriber, who may resume from it for as long as from an event."""
        self._tips[self._last] = self._clock.now()
        return self._last

    def after(self, replay_id: int) -> Iterator[ChangeEvent]:
        """Give the retained events after an id, oldest first."""
        self._publish_due()
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
        self._committed.clear()
        self._tips.clear()
        self._last += 10_000_000

    def append(self, changes: Iterable[RecordChange], user_id: str, origin: str) -> None:
        """Append the events of one committed transaction, if it touched entities that have any."""
        heard = [each for each in changes if each.entity in self._event_fields]
        single = drafts(self._event_fields, heard, most=self.overflow_after)
        self._commit(single, user_id, origin)

    def append_gap(self, entity: str, record_ids: Sequence[str], change_type: str, user_id: str) -> None:
        """Append a gap event: header only, for changes that the bus could not carry.

        An id may be a wildcard such as `006*`: what a lossy conversion of a custom field did to all records.
        """
        self._commit([Draft(entity, change_type, list(record_ids))], user_id, "")

    def _commit(self, single: Sequence[Draft], user_id: str, origin: str) -> None:
        now = self._clock.now()
        key = str(UUID(int=self._random.getrandbits(112)))
        self._scn += self._random.randrange(1, 1_000)
        for number, draft in enumerate(single, start=1):
            if draft.entity in self.selected or draft.entity in self.on_channels:
                self._committed.append(
                    _Committed(now + self.delay, draft, number, now, key, self._scn, user_id, origin)
                )
        self._publish_due()

    def _publish_due(self) -> None:
        """Put what is due onto the bus, in the order of the commits, whatever the delay was for each."""
        if not self._committed:
            return
        now = self._clock.now()
        published = False
        while self._committed and self._committed[0].due <= now:
            self._publish(self._committed.popleft())
            published = True
        if published:
            for watcher in tuple(self._watchers):
                watcher()

    def _publish(self, committed: "_Committed") -> None:
        draft = committed.draft
        if self.gaps_to_come and not draft.change_type.startswith("GAP_"):
            self.gaps_to_come -= 1
            draft = Draft(draft.entity, f"GAP_{draft.change_type}", draft.record_ids)
        self._last += self._random.randrange(1, _LARGEST_STEP)
        self._ids.append(self._last)
        self._events.append(
            ChangeEvent(
                replay_id=self._last,
                entity=draft.entity,
                record_ids=tuple(draft.record_ids),
                change_type=draft.change_type,
                transaction_key=committed.transaction_key,
                sequence_number=committed.sequence_number,
                commit_number=committed.commit_number,
                committed_at=committed.at,
                commit_user=committed.user,
                change_origin=committed.origin,
                changed=draft.changed,
                body=draft.body,
                selected=draft.entity in self.selected,
            )
        )

    def _purge(self) -> None:
        oldest = self._clock.now() - self.retention
        gone = 0
        while gone < len(self._events) and self._events[gone].committed_at < oldest:
            gone += 1
        if gone:
            del self._events[:gone], self._ids[:gone]
        self._tips = {replay_id: at for replay_id, at in self._tips.items() if at >= oldest}

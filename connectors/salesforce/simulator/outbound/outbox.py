"""What Outbound Messages wait, which are due, and which are given up. Pure; the clock is the org's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from connectors.salesforce.simulator.change_drafts import RecordChange
from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.objects import Row

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["MOST_IN_ONE", "Batch", "Definition", "Outbox", "Waiting"]

MOST_IN_ONE: Final = 100
_ACTION_PREFIX, _NOTIFICATION_PREFIX = "04k", "04l"
_KEPT = timedelta(hours=24)
# The first pause is our choice; Salesforce says only that it grows up to two hours.
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Definition:
    """An Outbound Message as an administrator defines it.

    It is sent for a record that is created, or of which one of `when_changed` changes. `user_id` is the user
    to send as: what it may not see is left out.
    """

    id: str
    name: str
    entity: str
    endpoint: str
    fields: tuple[str, ...]
    when_changed: tuple[str, ...]
    user_id: str


@dataclass(slots=True)
class Waiting:
    """One notification that was not acknowledged yet."""

    id: str
    record_id: str
    since: datetime
    due: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Up to a hundred notifications that go in one message, with their records as they are now."""

    definition: Definition
    waiting: tuple[Waiting, ...]
    records: tuple[tuple[str, Row], ...]
    """The notification's id and the record; a record that is gone since is not in it."""


@dataclass(slots=True)
class Outbox:
    """The definitions of an org, and what waits to be sent by them.

    `twice` of the next messages are sent a second time though they were acknowledged; `out_of_order` sends
    the newest first. Both are for tests to set.
    """

    org: "Org"
    twice: int = 0
    out_of_order: bool = False
    paused: bool = False
    delivered: int = 0
    dropped: int = 0
    definitions: dict[str, Definition] = field(default_factory=dict)
    _waiting: dict[str, list[Waiting]] = field(default_factory=dict)

    def define(
        self,
        name: str,
        endpoint: str,
        fields: Sequence[str],
        *,
        entity: str = "Opportunity",
        when_changed: Sequence[str] = ("StageName",),
        user_id: str = "",
    ) -> Definition:
        """Define a message, or define it anew; what waits goes to the new endpoint. Raises `DmlError`."""
        kind = self.org.objects.get(entity)
        if kind is None:
            raise DmlError("INVALID_TYPE", f"there is no object {entity}")
        for each in (*fields, *when_changed):
            if kind.find(each) is None:
                raise DmlError("INVALID_FIELD", f"{entity} has no field {each}")
        known = self.definitions.get(name)
        made = Definition(
            known.id if known is not None else self.org.ids.mint(_ACTION_PREFIX),
            name,
            entity,
            endpoint,
            tuple(fields),
            tuple(when_changed),
            user_id or self.org.integration_user_id,
        )
        self.definitions[name] = made
        self._waiting.setdefault(name, [])
        return made

    def remove(self, name: str) -> None:
        """Forget a message, and what waits by it."""
        self.definitions.pop(name, None)
        self._waiting.pop(name, None)

    def waiting(self, name: str) -> int:
        """Say how many notifications of a message wait."""
        return len(self._waiting.get(name, ()))

    def fired(self, changes: Iterable[RecordChange]) -> None:
        """Note what a transaction did, once it is committed."""
        if not self.definitions:
            return
        now = self.org.clock.now()
        for change in changes:
            for definition in self.definitions.values():
                if _concerns(definition, change):
                    id_ = self.org.ids.mint(_NOTIFICATION_PREFIX)
                    self._waiting[definition.name].append(Waiting(id_, change.record_id, now, now))

    def due(self) -> list[Batch]:
        """Give the messages that are to be sent now, after giving up what waits for 24 hours."""
        if self.paused:
            return []
        now = self.org.clock.now()
        batches: list[Batch] = []
        for name, definition in self.definitions.items():
            kept = [each for each in self._waiting[name] if now - each.since < _KEPT]
            self.dropped += len(self._waiting[name]) - len(kept)
            self._waiting[name] = kept
            ready = [each for each in kept if each.due <= now]
            if self.out_of_order:
                ready.reverse()
            batches += [
                self._batch(definition, ready[start : start + MOST_IN_ONE])
                for start in range(0, len(ready), MOST_IN_ONE)
            ]
        return batches

    def acknowledged(self, batch: Batch) -> None:
        """Note that a message was acknowledged, with all that it held."""
        self.delivered += len(batch.waiting)
        if self.twice:
            self.twice -= 1
            return
        done = {each.id for each in batch.waiting}
        name = batch.definition.name
        self._waiting[name] = [each for each in self._waiting.get(name, ()) if each.id not in done]

    def refused(self, batch: Batch) -> None:
        """Note that a message was not acknowledged: all that it held comes again, later each time."""
        now = self.org.clock.now()
        for each in batch.waiting:
            each.due = now + min(_FIRST_PAUSE * 2 ** min(each.tries, 20), _LONGEST_PAUSE)
            each.tries += 1

    def _batch(self, definition: Definition, waiting: Sequence[Waiting]) -> Batch:
        found = ((each.id, self.org.get(definition.entity, each.record_id)) for each in waiting)
        records = tuple((id_, row) for id_, row in found if row is not None)
        return Batch(definition, tuple(waiting), records)


def _concerns(definition: Definition, change: RecordChange) -> bool:
    if change.entity != definition.entity or change.after is None:
        return False
    before = change.before
    if before is None:
        return True
    return any(before.get(name) != change.after.get(name) for name in definition.when_changed)

"""One Subscribe stream, apart from the socket: what was requested, what was given, when it speaks or ends.

Source: Pub/Sub API guide, "Pull Subscription and Flow Control", and the comments of the proto.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, uuid5

from connectors.salesforce.simulator.changes import ChangeEvent
from connectors.salesforce.simulator.pubsub.failures import PubSubError
from connectors.salesforce.simulator.pubsub.payload import change_payload
from connectors.salesforce.simulator.pubsub.schemas import Schemas
from connectors.salesforce.simulator.pubsub.scripted import PubSubFaults
from connectors.salesforce.simulator.pubsub.timing import Timing
from connectors.salesforce.simulator.pubsub.topics import Topic

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["LARGEST_RESPONSE", "MOST_REQUESTED", "Batch", "Delivered", "Stream"]

MOST_REQUESTED = 100
_CALL = "Subscribe"
LARGEST_RESPONSE = 3_000_000
"""Bytes of payload after which a response takes no more events: gRPC refuses messages of 4 MB."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One event as it goes out."""

    id: str
    schema_id: str
    payload: bytes
    replay_id: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One response: events, or none to say that all is well. `pending` is what is still requested."""

    events: tuple[Delivered, ...]
    latest: int
    pending: int


class Stream:
    """A subscriber's place in a topic: every event up to `position` was given."""

    def __init__(
        self,
        org: "Org",
        schemas: Schemas,
        timing: Timing,
        faults: PubSubFaults,
        *,
        user_id: str,
        topic: Topic,
        position: int,
    ) -> None:
        self.topic = topic
        self.position = position
        self.pending = 0
        self._org = org
        self._schemas = schemas
        self._user_id = user_id
        self._timing = timing
        self._faults = faults
        self._given = 0
        self._silent = False
        self._ended = False
        self._once_more: Delivered | None = None
        now = org.clock.now()
        self._spoke_at = now
        self._starved_at: datetime | None = now
        self._permissions_at = now
        self._entities: frozenset[str] = frozenset()
        self._hidden: dict[str, frozenset[str]] = {}
        self._look_up_permissions()

    @property
    def due_at(self) -> datetime:
        """When the stream has something to do if nothing happens before."""
        if self._starved_at is not None:
            return self._starved_at + self._timing.unrequested
        keepalive = self._spoke_at + self._timing.keepalive
        arriving = self._org.changes.next_due
        return min(keepalive, arriving) if arriving is not None else keepalive

    def request(self, count: int) -> None:
        """Take a request for more events. Raises `PubSubError`."""
        if count <= 0:
            raise PubSubError(
                "subscription.fetch.requested.events.invalid",
                f"The number of requested events is {count}; it must be greater than zero.",
            )
        self.pending = min(MOST_REQUESTED, self.pending + count)
        self._starved_at = None

    def again(self, topic_name: str, count: int) -> None:
        """Take a later request of the stream, which may leave the topic out. Raises `PubSubError`."""
        if topic_name and topic_name != self.topic.name:
            raise PubSubError(
                "subscription.fetch.topic.mismatch",
                f"The stream is subscribed to {self.topic.name}, not to {topic_name}.",
            )
        self.request(count)

    def poll(self) -> Batch | None:
        """Give the next response, or None while there is nothing to say. Raises `PubSubError`."""
        self._go_wrong()
        if self._silent or self._ended:
            return None
        now = self._org.clock.now()
        if now - self._permissions_at >= self._timing.permissions:
            self._look_up_permissions()
        events = self._take() if self.pending else ()
        if events:
            self._given += len(events)
            self.pending -= len(events)
            self._starved_at = None if self.pending else now
        elif not self.pending or now - self._spoke_at < self._timing.keepalive:
            return None
        self._spoke_at = now
        latest = events[-1].replay_id if events else self._org.changes.tip()
        self.position = max(self.position, latest)
        return Batch(events, latest, self.pending)

    def is_over(self) -> bool:
        """Say whether the server closes the stream: nothing has been requested for too long."""
        starved = self._starved_at
        if self._silent or self._ended:
            return self._ended
        return starved is not None and self._org.clock.now() - starved >= self._timing.unrequested

    def _take(self) -> tuple[Delivered, ...]:
        limits = self._org.limits
        most = min(self.pending, self._faults.room(_CALL, self._given, self.pending))
        taken: list[Delivered] = []
        if self._once_more is not None:
            taken.append(self._once_more)
            self._once_more = None
        size = 0
        for event in self._org.changes.after(self.position):
            if event.selected and event.entity in self._entities:
                if len(taken) >= most or size > LARGEST_RESPONSE:
                    break
                if limits.delivered_events.used >= limits.max_delivered_events:
                    if taken:
                        break
                    raise PubSubError(
                        "subscription.limit.exceeded",
                        "You have exceeded the event delivery limit for your org.",
                    )
                taken.append(self._spoilt(self._delivered(event), len(taken)))
                limits.delivered_events.add()
                size += len(taken[-1].payload)
            self.position = event.replay_id
        return tuple(taken)

    def _go_wrong(self) -> None:
        fault = self._faults.of_call(_CALL, self._given)
        if fault is not None and fault.kind == "error":
            raise fault.error()
        if fault is not None:
            self._silent, self._ended = fault.kind == "silent", fault.kind == "end"

    def _spoilt(self, event: Delivered, before: int) -> Delivered:
        fault = self._faults.of_event(_CALL, self._given + before)
        if fault is None:
            return event
        if fault.kind == "duplicate":
            self._once_more = event
            return event
        return replace(event, payload=b"\xff" * len(event.payload))

    def _delivered(self, event: ChangeEvent) -> Delivered:
        schema = self._schemas.of(event.entity)
        hidden = self._hidden[event.entity]
        payload = change_payload(event, self._org.objects[event.entity], schema, hidden)
        event_id = uuid5(NAMESPACE_OID, f"{event.transaction_key}:{event.sequence_number}")
        return Delivered(str(event_id), schema.id, payload, event.replay_id)

    def _look_up_permissions(self) -> None:
        """Read what the user may see now. Raises `PubSubError` if the only object may not be heard."""
        access = self._org.access
        self._permissions_at = self._org.clock.now()
        heard = (name for name in self.topic.entities if access.may_hear(self._user_id, name))
        self._entities = frozenset(heard)
        self._hidden = {name: access.hidden_fields(self._user_id, name) for name in self._entities}
        if self.topic.single and not self._entities:
            raise PubSubError(
                "subscription.topic.cannot.subscribe",
                f"The user has no permission to subscribe to the topic {self.topic.name}.",
            )

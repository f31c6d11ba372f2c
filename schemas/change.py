"""A change: one change event of Salesforce, for one record."""

from typing import ClassVar

from schemas.base import Moment, Record


class Change(Record):
    """One record's change. A merged event becomes one change for each of its records.

    The header is typed; the body stays the JSON that Salesforce sent, since a new custom field must not stop
    the pipe. Field meanings: Change Data Capture Developer Guide, "ChangeEventHeader Fields".
    """

    ce_type: ClassVar[str] = "dealwire.salesforce.change"

    entity: str = ""
    record_id: str = ""
    """18 characters; for a wildcard or overflow event the id as it was sent."""
    change_type: str = ""
    """CREATE, UPDATE, DELETE, UNDELETE, or one of the GAP_ kinds."""
    changed_fields: tuple[str, ...] = ()
    commit_time: Moment | None = None
    commit_number: int = 0
    commit_user: str = ""
    transaction_key: str = ""
    sequence_number: int = 0
    change_origin: str = ""
    channel: str = ""
    replay_id: str = ""
    """Opaque position in the channel. Never an identity."""
    transport: str = ""
    records_in_event: int = 1
    body: bytes
    """The event's fields as UTF-8 JSON, without the header."""


class Checkpoint(Record):
    """How far a subscription has been published to Kafka, every event up to `replay_id` acknowledged.

    A stale checkpoint only replays. Of two, the one with the higher (epoch, sequence) holds.
    """

    ce_type: ClassVar[str] = "dealwire.salesforce.checkpoint"

    channel: str = ""
    replay_id: str = ""
    """Empty: nothing was received yet since the subscription began."""
    epoch: int = 0
    """Raised by one each time a subscriber takes the subscription."""
    sequence: int = 0
    last_event_at: Moment | None = None
    quiet_until: Moment | None = None
    """The last time the server answered that there was nothing more."""

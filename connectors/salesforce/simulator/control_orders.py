"""What may be ordered over the control port: the shapes of its JSON."""

import re
from datetime import timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from connectors.salesforce.simulator.faults import Denial, HttpFault

__all__ = [
    "ClockOrder",
    "DeliveryOrder",
    "FaultOrder",
    "FieldOrder",
    "GapOrder",
    "LimitOrder",
    "NamedFaultOrder",
    "SelectionOrder",
    "StageOrder",
]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClockOrder(_Order):
    """Move the clock to a moment, and then on by seconds."""

    advance: float = 0
    set: AwareDatetime | None = None


class HttpOrder(_Order):
    """Disturb requests whose path matches a regular expression; see `HttpFault`. `delay` is in seconds."""

    path: re.Pattern[str]
    times: int = Field(default=1, ge=1)
    status: int = Field(default=0, ge=0, le=599)
    body: str | None = None
    content_type: str | None = None
    delay: float = Field(default=0, ge=0)
    kill: Literal["", "before", "after"] = ""

    def fault(self) -> HttpFault:
        """Give the fault."""
        fault = HttpFault(
            self.path.pattern, self.times, self.status, delay=timedelta(seconds=self.delay), kill=self.kill
        )
        fault.body = fault.body if self.body is None else self.body
        fault.content_type = fault.content_type if self.content_type is None else self.content_type
        return fault


class DenialOrder(_Order):
    """Refuse Bayeux messages on a meta channel with an error text of Salesforce."""

    channel: Literal["/meta/handshake", "/meta/connect", "/meta/subscribe"]
    reason: str
    times: int = Field(default=1, ge=1)

    def denial(self) -> Denial:
        """Give the refusal."""
        return Denial(self.channel, self.reason, self.times)


class FaultOrder(_Order):
    """Script faults."""

    http: list[HttpOrder] = Field(default_factory=list)
    denials: list[DenialOrder] = Field(default_factory=list)
    refuse_replay_ids: bool | None = None
    connect_reply_first: bool | None = None


class NamedFaultOrder(_Order):
    """Let go wrong what a name stands for; see `cometd/named_faults.py`."""

    name: str
    times: int = Field(default=1, ge=1)
    channel: str = "/data/ChangeEvents"


class DeliveryOrder(_Order):
    """Set how events reach the bus: seconds after the commit, as gaps, and when a transaction overflows."""

    delay: float | None = Field(default=None, ge=0)
    gaps_to_come: int | None = Field(default=None, ge=0)
    overflow_after: int | None = Field(default=None, ge=1)


class LimitOrder(_Order):
    """Set maxima."""

    api_calls: int | None = None
    delivered_events: int | None = None
    cometd_clients: int | None = None


class FieldOrder(_Order):
    """Hide a field from one user, or from all."""

    object: str
    field: str
    hidden: bool = True
    user: str | None = None


class StageOrder(_Order):
    """Rename a stage."""

    rename: str
    to: str


class SelectionOrder(_Order):
    """Select entities for Change Data Capture, in place of those that are."""

    entities: list[str]


_GapType = Literal["GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW"]


class GapOrder(_Order):
    """Put a gap event onto the bus."""

    entity: str
    record_ids: list[str]
    change_type: Literal["GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW"] = (
        "GAP_UPDATE"
    )

"""One client of the Streaming API, from its handshake to its disconnect or its silence."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.salesforce.simulator.cometd.channels import Subscription

__all__ = ["Held", "Session"]


@dataclass(slots=True)
class Session:
    """What the server remembers of a client. `expires_at` is None while a connect is held."""

    client_id: str
    user_id: str
    expires_at: datetime | None
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    connected: bool = False
    held: "Held | None" = None
    again: list[bytes] = field(default_factory=list)
    """Events that come once more with the next answer: a fault."""

    def heard(self) -> tuple[Subscription, ...]:
        """Give the subscriptions that are alive."""
        return tuple(each for each in self.subscriptions.values() if not each.silent)


@dataclass(slots=True)
class Held:
    """A connect that waits for events, at most until a moment."""

    session: Session
    message: dict[str, Any]
    token: str
    until: datetime

"""What a user is asked to allow, between the login page and their decision. Each is answered once."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.salesforce.simulator.clock import SimClock

__all__ = ["SCOPES", "Asked", "Consents"]

SCOPES = {
    "api": "Manage user data via APIs",
    "refresh_token": "Perform requests at any time",
    "offline_access": "Perform requests at any time",
    "id": "Access the identity URL service",
    "openid": "Access unique user identifiers",
    "profile": "Access profile information",
    "email": "Access email address",
    "address": "Access address information",
    "phone": "Access phone number",
    "web": "Manage user data via Web browsers",
    "full": "Full access",
    "visualforce": "Access Visualforce applications",
    "lightning": "Access Lightning applications",
    "content": "Access content resources",
    "custom_permissions": "Access custom permissions",
    "wave_api": "Access Analytics REST API resources",
    "pardot_api": "Manage Pardot services",
    "chatter_api": "Access Connect REST API resources",
    "cdp_api": "Manage Data Cloud data",
}
"""The scopes an app may have, and what the page says of each."""

_LIFE = timedelta(minutes=15)
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked, by which request of the app, to allow what."""

    user_id: str
    form: Mapping[str, str]
    scopes: frozenset[str]


class Consents:
    """The questions that nobody has answered yet."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self._asked: dict[str, tuple[Asked, datetime]] = {}

    def ask(self, asked: Asked) -> str:
        """Keep a question, and give the ticket that its answer carries."""
        if len(self._asked) >= _MOST:
            del self._asked[next(iter(self._asked))]
        ticket = secrets.token_urlsafe(32)
        self._asked[ticket] = (asked, self._clock.now())
        return ticket

    def take(self, ticket: str) -> Asked | None:
        """Take a question; None if it is unknown, answered already or too old."""
        asked, at = self._asked.pop(ticket, (None, self._clock.now()))
        return asked if self._clock.now() - at < _LIFE else None

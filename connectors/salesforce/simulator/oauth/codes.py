"""Authorization codes: each good once, for a quarter of an hour, for the app and redirect it was made for."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.salesforce.simulator.clock import SimClock

__all__ = ["Code", "Codes", "challenge_of"]

_LIFE = timedelta(minutes=15)
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Code:
    """What a person consented to. `challenge` is that of PKCE, empty where the client sent none."""

    user_id: str
    redirect_uri: str
    scope: str
    challenge: str
    made_at: datetime


class Codes:
    """The codes that nobody has redeemed yet."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self._codes: dict[str, Code] = {}

    def make(self, user_id: str, redirect_uri: str, scope: str, challenge: str) -> str:
        """Make a code."""
        if len(self._codes) >= _MOST:
            del self._codes[next(iter(self._codes))]
        key = f"aPrx{secrets.token_urlsafe(48)}"
        self._codes[key] = Code(user_id, redirect_uri, scope, challenge, self._clock.now())
        return key

    def redeem(self, key: str) -> Code | None:
        """Take a code; None if it is unknown, redeemed already or too old."""
        code = self._codes.pop(key, None)
        return code if code is not None and self._clock.now() - code.made_at < _LIFE else None


def challenge_of(verifier: str) -> str:
    """Give the S256 challenge of a verifier; a client that names no method means this one."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")

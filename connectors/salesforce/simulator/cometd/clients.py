"""The clients that are connected now: who they are, and when their silence ends them."""

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.cometd.session import Session

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["Clients"]

_ID_LENGTH = 27
_ID_BITS = 108


class Clients:
    """Sessions by client id. One that is silent for `expiry` after a response is forgotten."""

    def __init__(self, org: "Org", expiry: timedelta) -> None:
        self._org = org
        self._expiry = expiry
        self._sessions: dict[str, Session] = {}
        # Client ids repeat with the seed, as all else does; who may use one is decided by the token.
        self._random = random.Random(f"clients:{org.seed}")  # noqa: S311 - see above

    def __len__(self) -> int:
        return len(self._sessions)

    def begin(self, user_id: str) -> Session:
        """Begin the session of a user."""
        session = Session(self.opaque(), user_id, self._org.clock.now() + self._expiry)
        self._sessions[session.client_id] = session
        self._count()
        return session

    def find(self, client_id: object) -> Session | None:
        """Give a session that lives."""
        return self._sessions.get(client_id) if isinstance(client_id, str) else None

    def lives(self, session: Session) -> bool:
        """Say whether a session has not been ended."""
        return self._sessions.get(session.client_id) is session

    def touch(self, session: Session) -> None:
        """Begin a session's silence anew."""
        session.expires_at = self._org.clock.now() + self._expiry

    def end(self, session: Session) -> None:
        """End a session; a connect that it holds finds that out when it is polled."""
        self._sessions.pop(session.client_id, None)
        self._count()

    def end_all(self) -> int:
        """End every session, and say how many."""
        count = len(self._sessions)
        self._sessions.clear()
        self._count()
        return count

    def silence(self, channel: str) -> int:
        """Let the subscriptions to a channel die without a word; say how many."""
        found = [
            each.subscriptions[channel] for each in self._sessions.values() if channel in each.subscriptions
        ]
        for subscription in found:
            subscription.silent = True
        return len(found)

    def sweep(self) -> None:
        """End the sessions that have been silent for too long."""
        now = self._org.clock.now()
        for session in tuple(self._sessions.values()):
            if session.expires_at is not None and session.expires_at < now:
                self.end(session)

    def opaque(self) -> str:
        """Give a made-up identifier."""
        return f"{self._random.getrandbits(_ID_BITS):0{_ID_LENGTH}x}"

    def _count(self) -> None:
        self._org.limits.cometd_clients = len(self._sessions)

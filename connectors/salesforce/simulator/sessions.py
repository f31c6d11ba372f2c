"""Who is logged in: access tokens that end after a while of not being used, and refresh tokens."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.salesforce.simulator.clock import SimClock

__all__ = ["RefreshToken", "Session", "Sessions"]

_MOST_GRANTS = 5


@dataclass(slots=True)
class Session:
    """One access token. `token` is `{15-character org id}!{opaque}`."""

    token: str
    user_id: str
    client_id: str
    scope: str
    issued_at: datetime
    used_at: datetime


@dataclass(slots=True)
class RefreshToken:
    """A grant that outlives its sessions."""

    token: str
    user_id: str
    client_id: str
    scope: str
    issued_at: datetime
    used_at: datetime


class Sessions:
    """Issues and ends tokens. Use extends a session: only a while without use ends it (default two hours)."""

    def __init__(self, clock: SimClock, org_id: str, secret: str, timeout: timedelta) -> None:
        self.timeout = timeout
        self.refresh_idle: timedelta | None = None
        """How long a refresh token lives without being used; for ever if None."""
        self._clock = clock
        self._org15 = org_id[:15]
        self._secret = secret
        self._count = 0
        self._sessions: dict[str, Session] = {}
        self._refresh: dict[str, RefreshToken] = {}
        self._watchers: list[Callable[[], None]] = []

    def issue(self, user_id: str, client_id: str, scope: str = "api") -> Session:
        """Begin a session."""
        now = self._clock.now()
        session = Session(f"{self._org15}!AQ4AQ{self._opaque(80)}", user_id, client_id, scope, now, now)
        self._sessions[session.token] = session
        return session

    def lookup(self, token: str, *, touch: bool = True) -> Session | None:
        """Give the session of a token if it lives, and count this as a use of it."""
        session = self._sessions.get(token)
        if session is None:
            return None
        now = self._clock.now()
        if now - session.used_at >= self.timeout:
            del self._sessions[token]
            return None
        if touch:
            session.used_at = now
        return session

    def keep(self, token: str) -> Session | None:
        """Give the session of a token and count this as a use of it, however long the last one is ago.

        For a client that stays connected: its session ends by being revoked only.
        """
        session = self._sessions.get(token)
        if session is not None:
            session.used_at = self._clock.now()
        return session

    def revoke(self, token: str) -> bool:
        """End a session; False if there is none with this token."""
        known = self._sessions.pop(token, None) is not None
        if known:
            self._tell()
        return known

    def revoke_user(self, user_id: str) -> None:
        """End every session of a user, as happens when it is deactivated."""
        for session in tuple(self._sessions.values()):
            if session.user_id == user_id:
                self.revoke(session.token)

    def expire_all(self) -> int:
        """End every session, as a change of the org's session policy does; say how many."""
        count = len(self._sessions)
        self._sessions.clear()
        self._tell()
        return count

    def watch(self, watcher: Callable[[], None]) -> None:
        """Have `watcher` called when sessions are ended from outside."""
        self._watchers.append(watcher)

    def issue_refresh_token(self, user_id: str, client_id: str, scope: str) -> RefreshToken:
        """Grant a refresh token. A user has five with a client at most: the oldest gives way."""
        now = self._clock.now()
        grant = RefreshToken(f"5Aep861{self._opaque(80)}", user_id, client_id, scope, now, now)
        self._refresh[grant.token] = grant
        same = [
            each.token
            for each in self._refresh.values()
            if (each.user_id, each.client_id) == (user_id, client_id)
        ]
        for token in same[:-_MOST_GRANTS]:
            del self._refresh[token]
        return grant

    def refresh_token(self, token: str) -> RefreshToken | None:
        """Give the grant of a refresh token that holds."""
        grant = self._refresh.get(token)
        idle = self.refresh_idle
        if grant is not None and idle is not None and self._clock.now() - grant.used_at >= idle:
            del self._refresh[token]
            return None
        return grant

    def rotate_refresh_token(self, grant: RefreshToken) -> RefreshToken:
        """Replace a refresh token, which is dead at once; sessions stay."""
        self._refresh.pop(grant.token, None)
        return self.issue_refresh_token(grant.user_id, grant.client_id, grant.scope)

    def revoke_refresh_token(self, token: str) -> bool:
        """End a grant and the sessions of its user with that client; False if there is none."""
        grant = self._refresh.pop(token, None)
        if grant is None:
            return False
        for session in tuple(self._sessions.values()):
            if (session.user_id, session.client_id) == (grant.user_id, grant.client_id):
                self.revoke(session.token)
        return True

    def _opaque(self, length: int) -> str:
        self._count += 1
        text = hashlib.sha512(f"{self._secret}:{self._count}".encode()).hexdigest()
        return text[:length]

    def _tell(self) -> None:
        for watcher in tuple(self._watchers):
            watcher()

"""`/meta/connect`: the first is answered at once, with advice; a later one is held until there is news."""

from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.cometd import failures
from connectors.salesforce.simulator.cometd.clients import Clients
from connectors.salesforce.simulator.cometd.delivery import take, waiting
from connectors.salesforce.simulator.cometd.replies import Message, refuse, reply, response, unknown
from connectors.salesforce.simulator.cometd.session import Held, Session
from connectors.salesforce.simulator.faults import Faults

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["Connector"]


class Connector:
    """Answers connects. `hold` is how long one waits at most."""

    def __init__(self, org: "Org", clients: Clients, faults: Faults, hold: timedelta) -> None:
        self._org = org
        self._clients = clients
        self._faults = faults
        self._hold = hold

    def connect(self, session: Session, message: Message, token: str, *, alone: bool) -> Message | Held:
        """Give the reply, or the connect that is held now.

        One that comes with other messages in a request is not held, since it would hold them too.
        """
        if message.get("connectionType") != "long-polling":
            error = failures.invalid_connection_type(message.get("connectionType"))
            return refuse(message, error, failures.STOP)
        if not session.connected:
            session.connected = True
            timeout = int(self._hold.total_seconds() * 1_000)
            return reply(message, advice={"reconnect": "retry", "interval": 0, "timeout": timeout})
        if (storm := self._faults.advice()) is not None:
            return reply(message, advice=storm)
        if not alone:
            return reply(message)
        session.held = Held(session, message, token, self._org.clock.now() + self._wanted(message))
        session.expires_at = None
        return session.held

    def poll(self, held: Held) -> bytes | None:
        """Give the response of a held connect, or None while there is nothing to say."""
        session, message = held.session, held.message
        if not self._clients.lives(session):
            # A client that disconnected is let go; one that was lost is told so.
            gone = unknown(message) if session.connected else reply(message)
            return response([], gone)
        if session.held is not held:
            return response([], reply(message))
        if self._org.sessions.keep(held.token) is None:
            return self._release(session, [], refuse(message, failures.AUTHENTICATION_INVALID, failures.STOP))
        if self._used_up() and waiting(session):
            self._clients.end(session)
            return response([], refuse(message, failures.EVENTS_EXCEEDED, failures.STOP))
        fresh = take(self._org, session)
        events, session.again = [*session.again, *fresh], self._faults.repeated(fresh)
        if events or self._org.clock.now() >= held.until:
            return self._release(session, events, reply(message))
        return None

    def abandon(self, held: Held) -> None:
        """Forget a held connect whose connection is gone; its session lives on for a while."""
        if held.session.held is held:
            held.session.held = None
            self._clients.touch(held.session)

    def _release(self, session: Session, events: list[bytes], own: Message) -> bytes:
        session.held = None
        self._clients.touch(session)
        padding = self._faults.padded() if events else 0
        return response(events, own, reply_first=self._faults.connect_reply_first, padding=padding)

    def _used_up(self) -> bool:
        limits = self._org.limits
        return limits.delivered_events.used >= limits.max_delivered_events

    def _wanted(self, message: Message) -> timedelta:
        advice = message.get("advice")
        wanted = advice.get("timeout") if isinstance(advice, dict) else None
        if isinstance(wanted, int | float) and wanted >= 0:
            return min(self._hold, timedelta(milliseconds=wanted))
        return self._hold

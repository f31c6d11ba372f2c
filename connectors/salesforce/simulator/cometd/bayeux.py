"""The Bayeux protocol as Salesforce speaks it, apart from the socket.

A request gives an answer: replies, and perhaps a connect that is held. A held connect is asked again with
`poll` whenever something may have happened, until it gives its response.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import orjson

from connectors.salesforce.simulator.cometd import failures
from connectors.salesforce.simulator.cometd.clients import Clients
from connectors.salesforce.simulator.cometd.connecting import Connector
from connectors.salesforce.simulator.cometd.denials import denied
from connectors.salesforce.simulator.cometd.push_topics import PushTopics
from connectors.salesforce.simulator.cometd.replies import (
    EXTENSIONS,
    Message,
    refuse,
    reply,
    shut_out,
    subscriptions_of,
    unknown,
)
from connectors.salesforce.simulator.cometd.session import Held, Session
from connectors.salesforce.simulator.cometd.subscribing import subscribe
from connectors.salesforce.simulator.faults import Faults
from connectors.salesforce.simulator.org import Org

__all__ = ["COOKIES", "Answer", "Bayeux", "BayeuxRequest"]

COOKIES = ("BAYEUX_BROWSER", "sfdc-stream")
LARGEST_REQUEST = 32_768
_OLDEST_VERSION = 37.0
_VERSION = re.compile(r"\d{1,3}\.\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class BayeuxRequest:
    """What came in: the version in the URL, the token of the header, the cookies, the body."""

    version: str | None
    token: str | None
    cookies: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Answer:
    """What goes out. With `held`, the response is what `Bayeux.poll` gives for it."""

    replies: list[Message] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)
    held: Held | None = None
    wakes: bool = False
    """Whether a connect that is held elsewhere has something to say now."""


class Bayeux:
    """The Streaming API of an org.

    `hold` is how long a connect waits, `expiry` how long a client may be silent after a response.
    """

    def __init__(
        self,
        org: Org,
        faults: Faults | None = None,
        *,
        hold: timedelta = timedelta(seconds=110),
        expiry: timedelta = timedelta(seconds=40),
    ) -> None:
        self.org = org
        self.faults = faults or Faults()
        self.clients = Clients(org, expiry)
        self.topics = PushTopics(org)
        self._connector = Connector(org, self.clients, self.faults, hold)
        self.poll = self._connector.poll
        self.abandon = self._connector.abandon

    def handle(self, request: BayeuxRequest) -> Answer:
        """Answer a request. Raises `ValueError` for a body that is no Bayeux message."""
        self.clients.sweep()
        parsed = orjson.loads(request.body)
        messages = parsed if isinstance(parsed, list) else [parsed]
        if not messages or not all(isinstance(message, dict) for message in messages):
            raise ValueError("a request holds one or more Bayeux messages")
        answer = Answer()
        wrong = failures.TOO_LARGE if len(request.body) > LARGEST_REQUEST else _wrong_version(request.version)
        for message in messages:
            if wrong is not None:
                answer.replies.append(refuse(message, wrong, failures.STOP))
            elif not isinstance(message.get("channel"), str):
                answer.replies.append(refuse(message, failures.CHANNEL_MISSING))
            elif message["channel"] == "/meta/handshake":
                answer.replies.append(self._handshake(message, request, answer))
            else:
                self._in_session(message, request, answer, alone=len(messages) == 1)
        return answer

    def _handshake(self, message: Message, request: BayeuxRequest, answer: Answer) -> Message:
        token = self.org.sessions.lookup(request.token or "")
        if (denial := self.faults.denial("/meta/handshake")) is not None:
            return denied(message, denial)
        if token is None:
            return shut_out(
                message, failures.AUTHENTICATION_INVALID if request.token else failures.NOT_AUTHENTICATED
            )
        if len(self.clients) >= self.org.limits.max_cometd_clients:
            return shut_out(message, failures.CLIENTS_EXCEEDED)
        session = self.clients.begin(token.user_id)
        answer.cookies = {name: request.cookies.get(name) or f"!{self.clients.opaque()}" for name in COOKIES}
        return reply(
            message,
            version="1.0",
            minimumVersion="1.0",
            clientId=session.client_id,
            supportedConnectionTypes=["long-polling"],
            ext=EXTENSIONS,
        )

    def _in_session(self, message: Message, request: BayeuxRequest, answer: Answer, *, alone: bool) -> None:
        session = self.clients.find(message.get("clientId"))
        refused = self._not_admitted(message, request, session)
        if refused is not None or session is None:
            answer.replies.append(refused or unknown(message))
            return
        former = session.held
        if former is None:
            self.clients.touch(session)
        if message["channel"] == "/meta/connect":
            result = self._connector.connect(session, message, request.token or "", alone=alone)
            if isinstance(result, Held):
                # A second connect takes the place of one that is held still.
                answer.held, answer.wakes = result, former is not None
            else:
                answer.replies.append(result)
        elif message["channel"] == "/meta/subscribe":
            answer.replies.append(subscribe(self.org, session, message, self.faults))
            answer.wakes = True
        elif message["channel"] == "/meta/unsubscribe":
            for name in subscriptions_of(message):
                session.subscriptions.pop(name, None)
            answer.replies.append(reply(message, subscription=message.get("subscription")))
        elif message["channel"] == "/meta/disconnect":
            session.connected = False
            self.clients.end(session)
            answer.replies.append(reply(message))
            answer.wakes = True
        else:
            answer.replies.append(refuse(message, failures.PUBLISH_DENIED))

    def _not_admitted(
        self, message: Message, request: BayeuxRequest, session: Session | None
    ) -> Message | None:
        """Give the refusal of a message that lacks what every one after the handshake must have, or None."""
        token = self.org.sessions.lookup(request.token or "")
        if token is None:
            error = failures.AUTHENTICATION_INVALID if request.token else failures.NOT_AUTHENTICATED
            return refuse(message, error, failures.STOP)
        if (denial := self.faults.denial(message["channel"])) is not None:
            return denied(message, denial)
        if session is None:
            return unknown(message)
        missing = next((name for name in COOKIES if name not in request.cookies), None)
        if missing is not None:
            return refuse(message, failures.no_cookie(session.client_id, missing))
        if token.user_id != session.user_id:
            return refuse(message, failures.OTHER_USER)
        return None


def _wrong_version(version: str | None) -> str | None:
    if not version:
        return failures.NO_VERSION
    supported = _VERSION.fullmatch(version) is not None and float(version) >= _OLDEST_VERSION
    return None if supported else failures.UNSUPPORTED_VERSION

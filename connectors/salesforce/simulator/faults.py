"""What is to go wrong: scripted, counted down, and empty to begin with."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from connectors.salesforce.simulator.pubsub.scripted import PubSubFaults

__all__ = ["Denial", "Faults", "HttpFault", "Storm"]


@dataclass(slots=True)
class HttpFault:
    """A disturbance of the next `times` requests whose path matches `path`, a regular expression.

    `status` answers with that status and `body` instead of doing anything. `delay` waits first. `kill` closes
    the connection: "before" the request is acted on, or in the middle of the response "after" it was.
    """

    path: str
    times: int = 1
    status: int = 0
    body: str = "<html><head><title>Error</title></head><body><h1>Down For Maintenance</h1></body></html>"
    content_type: str = "text/html"
    delay: timedelta = timedelta(0)
    kill: Literal["", "before", "after"] = ""

    def matches(self, path: str) -> bool:
        """Say whether a request is meant."""
        return self.times > 0 and re.search(self.path, path) is not None


@dataclass(slots=True)
class Denial:
    """A refusal of the next `times` Bayeux messages on `channel`; `reason` is a Salesforce error text.

    `plain` has the reason stand in `error` itself, with the advice `reconnect`. Without it the reason stands
    in `ext.sfdc.failureReason`, beside an error that may say something else, as a busy server answers.
    """

    channel: str
    reason: str
    times: int = 1
    plain: bool = False
    reconnect: Literal["none", "handshake", "retry"] = "none"


@dataclass(slots=True)
class Storm:
    """The next `times` connects that would be held are answered at once, with this advice."""

    advice: dict[str, Any]
    times: int


@dataclass(slots=True)
class Faults:
    """Everything that is scripted to go wrong now."""

    http: list[HttpFault] = field(default_factory=list)
    denials: list[Denial] = field(default_factory=list)
    refuse_replay_ids: bool = False
    connect_reply_first: bool = False
    """Whether the reply to a connect stands before its events in the response, instead of after them."""
    storm: Storm | None = None
    silent_subscribes: int = 0
    """How many of the next subscriptions are told yes and then never given an event."""
    repeats: int = 0
    """How many of the next events come once more, at the head of the answer after theirs."""
    pubsub: PubSubFaults = field(default_factory=PubSubFaults)
    padding: int = 0
    """Bytes of white space before the events of the next answer that has any."""

    def http_fault(self, path: str) -> HttpFault | None:
        """Take one turn of the first fault that is meant for a path."""
        for fault in self.http:
            if fault.matches(path):
                fault.times -= 1
                return fault
        return None

    def denial(self, channel: str) -> Denial | None:
        """Take one turn of the first refusal that is meant for a channel."""
        for denial in self.denials:
            if denial.channel == channel and denial.times > 0:
                denial.times -= 1
                return denial
        return None

    def advice(self) -> dict[str, Any] | None:
        """Take one turn of a storm of advice."""
        if self.storm is None or self.storm.times <= 0:
            return None
        self.storm.times -= 1
        return self.storm.advice

    def silent_subscribe(self) -> bool:
        """Say whether a subscription that is made now is never given anything."""
        silent = self.silent_subscribes > 0
        self.silent_subscribes -= silent
        return silent

    def repeated(self, events: list[bytes]) -> list[bytes]:
        """Give those of some events that come once more."""
        again = events[: self.repeats]
        self.repeats -= len(again)
        return again

    def padded(self) -> int:
        """Give the white space of this answer; there is none in the next."""
        padding, self.padding = self.padding, 0
        return padding

    def clear(self) -> None:
        """Let everything go right again."""
        self.http.clear()
        self.denials.clear()
        self.pubsub.scripted.clear()
        self.refuse_replay_ids = False
        self.connect_reply_first = False
        self.storm = None
        self.silent_subscribes = self.repeats = self.padding = 0

"""What is to go wrong: scripted, counted down, and empty to begin with."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

__all__ = ["Denial", "Faults", "HttpFault"]


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
    """A refusal of the next `times` Bayeux messages on `channel`; `reason` is a Salesforce error text."""

    channel: str
    reason: str
    times: int = 1


@dataclass(slots=True)
class Faults:
    """Everything that is scripted to go wrong now."""

    http: list[HttpFault] = field(default_factory=list)
    denials: list[Denial] = field(default_factory=list)
    refuse_replay_ids: bool = False
    connect_reply_first: bool = False
    """Whether the reply to a connect stands before its events in the response, instead of after them."""

    def http_fault(self, path: str) -> HttpFault | None:
        """Take one turn of the first fault that is meant for a path."""
        for fault in self.http:
            if fault.matches(path):
                fault.times -= 1
                return fault
        return None

    def denial(self, channel: str) -> str | None:
        """Take one turn of the first refusal that is meant for a channel."""
        for denial in self.denials:
            if denial.channel == channel and denial.times > 0:
                denial.times -= 1
                return denial.reason
        return None

    def clear(self) -> None:
        """Let everything go right again."""
        self.http.clear()
        self.denials.clear()
        self.refuse_replay_ids = False
        self.connect_reply_first = False

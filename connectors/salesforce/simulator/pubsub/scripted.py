"""What is to go wrong on the Pub/Sub API: scripted, and counted down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from connectors.salesforce.simulator.pubsub.failures import STATUSES, PubSubError

__all__ = ["PubSubFault", "PubSubFaults"]

Kind = Literal["error", "end", "silent", "corrupt", "duplicate"]
_OF_EVENTS = ("corrupt", "duplicate")


@dataclass(slots=True)
class PubSubFault:
    """A disturbance of the next `times` calls named `call`; on a stream once it has given `after` events.

    `error` ends the call with `code` and its status, or with `status` and `trailers` where those are given;
    `end` ends a stream as if all were well; `silent` leaves it open and never says anything on it again.
    `corrupt` makes the payload of an event unreadable, and `duplicate` gives an event twice.
    """

    kind: Kind
    call: str = "Subscribe"
    times: int = 1
    after: int = 0
    code: str = "service.unavailable"
    status: str = ""
    message: str = "The service is temporarily unavailable."
    trailers: Mapping[str, str] | None = None

    def error(self) -> PubSubError:
        """Give the refusal. A code that Salesforce does not have needs a status of its own."""
        status = self.status or STATUSES.get(self.code, "UNKNOWN")
        return PubSubError(self.code, self.message, status=status, trailers=self.trailers)


@dataclass(slots=True)
class PubSubFaults:
    """The faults that are scripted now."""

    scripted: list[PubSubFault] = field(default_factory=list)

    def of_call(self, call: str, given: int = 0) -> PubSubFault | None:
        """Take one turn of the first fault that is due on a call which has given some events."""
        return self._take(call, given, events=False)

    def of_event(self, call: str, given: int) -> PubSubFault | None:
        """Take one turn of the first fault that is due for the next event of a stream."""
        return self._take(call, given, events=True)

    def room(self, call: str, given: int, wanted: int) -> int:
        """Say how many of the events that are wanted may be given before a fault is due."""
        ahead = (
            each.after - given
            for each in self.scripted
            if each.call == call and each.times > 0 and each.kind not in _OF_EVENTS and each.after > given
        )
        return min(ahead, default=wanted)

    def refuse(self, call: str) -> None:
        """Raise what a call without a stream is scripted to be refused with, if anything."""
        fault = self.of_call(call)
        if fault is not None and fault.kind == "error":
            raise fault.error()

    def _take(self, call: str, given: int, *, events: bool) -> PubSubFault | None:
        for fault in self.scripted:
            due = fault.call == call and fault.times > 0 and fault.after <= given
            if due and (fault.kind in _OF_EVENTS) is events:
                fault.times -= 1
                return fault
        return None

"""What an org may use: allocations by edition, and counters over a rolling 24 hours of the org's clock.

Figures: Salesforce Developer Limits and Allocations Quick Reference, "API Request Limits and Allocations",
and Change Data Capture Developer Guide, "Change Data Capture Allocations".
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.salesforce.simulator.clock import SimClock

__all__ = ["ALLOCATIONS", "Allocation", "Edition", "Limits", "RollingCounter"]

_WINDOW = timedelta(hours=24)
_STEP = timedelta(minutes=1)
# Published for one HTTP/2 channel; that an org has as many in all is our choice.
_PUBSUB_STREAMS = 1_000


class Edition(StrEnum):
    """The editions of Salesforce that have an API; Professional has it for a fee, and no change events."""

    PROFESSIONAL = "PE"
    DEVELOPER = "DE"
    ENTERPRISE = "EE"
    UNLIMITED = "UE"


@dataclass(frozen=True, slots=True)
class Allocation:
    """What an edition grants: calls a day and more a licence, delivered events a day, CometD clients."""

    title: str
    api_calls: int
    api_calls_per_licence: int
    delivered_events: int
    published_events_per_hour: int
    cometd_clients: int
    selected_entities: int = 5
    change_events: bool = True


ALLOCATIONS = {
    # The sheet of limits names calls only; the figures of events and clients are our choice.
    Edition.PROFESSIONAL: Allocation(
        "Professional Edition", 100_000, 1_000, 10_000, 50_000, 20, selected_entities=0, change_events=False
    ),
    Edition.DEVELOPER: Allocation("Developer Edition", 15_000, 0, 10_000, 50_000, 20),
    Edition.ENTERPRISE: Allocation("Enterprise Edition", 100_000, 1_000, 25_000, 250_000, 1_000),
    Edition.UNLIMITED: Allocation("Unlimited Edition", 100_000, 5_000, 50_000, 250_000, 2_000),
}


class RollingCounter:
    """Counts over the last 24 hours, by the minute."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self._steps: deque[tuple[datetime, int]] = deque()
        self._total = 0

    @property
    def used(self) -> int:
        """How much was counted in the window that ends now."""
        oldest = self._clock.now() - _WINDOW
        while self._steps and self._steps[0][0] <= oldest:
            self._total -= self._steps.popleft()[1]
        return self._total

    def add(self, count: int = 1) -> None:
        """Count."""
        now = self._clock.now()
        if self._steps and self._steps[-1][0] > now - _STEP:
            moment, so_far = self._steps.pop()
            self._steps.append((moment, so_far + count))
        else:
            self._steps.append((now, count))
        self._total += count


class Limits:
    """The counters of an org and what they may reach. The maxima are plain numbers that a test may lower."""

    def __init__(self, clock: SimClock, edition: Edition, licences: int) -> None:
        allocation = ALLOCATIONS[edition]
        self.edition = edition
        self.allocation = allocation
        self.api_calls = RollingCounter(clock)
        self.delivered_events = RollingCounter(clock)
        self.max_api_calls = allocation.api_calls + allocation.api_calls_per_licence * licences
        self.max_delivered_events = allocation.delivered_events
        self.max_cometd_clients = allocation.cometd_clients
        self.cometd_clients = 0
        """How many CometD clients are connected now; kept by the CometD server."""
        self.max_pubsub_streams = _PUBSUB_STREAMS
        self.pubsub_streams = 0
        """How many streams of the Pub/Sub API are open now; kept by its server."""

    def charge_call(self) -> bool:
        """Count one API call; False if the allocation is used up, and then nothing is counted."""
        if self.api_calls.used >= self.max_api_calls:
            return False
        self.api_calls.add()
        return True

    def resource(self) -> dict[str, dict[str, int]]:
        """Give what the `limits` resource of the REST API shows: `Max` and `Remaining` by name."""
        used = {
            "DailyApiRequests": (self.max_api_calls, self.api_calls.used),
            "DailyDeliveredPlatformEvents": (self.max_delivered_events, self.delivered_events.used),
            "HourlyPublishedPlatformEvents": (self.allocation.published_events_per_hour, 0),
            "DurableStreamingApiConcurrentClients": (self.max_cometd_clients, self.cometd_clients),
            "DailyBulkV2QueryJobs": (10_000, 0),
            "DailyBulkV2QueryFileStorageMB": (976_562, 0),
        }
        return {
            name: {"Max": most, "Remaining": max(0, most - spent)} for name, (most, spent) in used.items()
        }

"""The times of the Pub/Sub API, on the org's clock. Tests shorten them."""

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["Timing"]


@dataclass(frozen=True, slots=True)
class Timing:
    """When a stream speaks of itself, and when it is closed. Source: Pub/Sub API guide.

    For a quiet publisher the guide says 70 seconds in one place and 1,800 in another; we take the longer.
    """

    keepalive: timedelta = timedelta(seconds=270)
    """After how long without an event an empty response is sent."""
    unrequested: timedelta = timedelta(seconds=70)
    """How long a subscriber may have nothing requested."""
    unpublished: timedelta = timedelta(seconds=1_800)
    """How long a publisher may publish nothing."""
    permissions: timedelta = timedelta(minutes=10)
    """How long a stream goes by permissions that have changed since."""

"""Whether subscriptions hold, since when not, and why: what makes the subscriber ready."""

from collections.abc import Sequence

from connectors.ports import Clock
from schemas.errors import DealwireError

__all__ = ["Standing", "lacking"]


class Standing:
    """How one subscription stands. It is ready while its session holds, once its first position is kept."""

    def __init__(self, channel: str, clock: Clock) -> None:
        self._channel = channel
        self._clock = clock
        self._since = clock.now()
        self._why = ""
        self.is_subscribed = False
        self.has_kept = False

    def lost(self, error: DealwireError) -> None:
        """Take note that the session is lost, or could not be opened again."""
        if self.is_subscribed:
            self._since = self._clock.now()
        self.is_subscribed, self._why = False, error.what

    def missing(self) -> str:
        """Say what it lacks to be ready: its session, or the first checkpoint; empty when it has both."""
        if not self.is_subscribed:
            why = f": {self._why}" if self._why else ""
            return f"{self._channel} is not subscribed since {self._since:%Y-%m-%dT%H:%M:%SZ}{why}"
        return "" if self.has_kept else f"{self._channel} has kept no position yet"


def lacking(standings: Sequence[Standing]) -> Sequence[str]:
    """Give what the process lacks to be ready, a line for each subscription; none when all stand."""
    if not standings:
        return ["there is no session with the org yet"]
    return [told for each in standings if (told := each.missing())]

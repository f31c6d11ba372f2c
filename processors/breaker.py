"""Tells a few bad records from a bad deploy: by the share of failures among the last records of an agent."""

from collections import deque

from schemas.errors import DealwireError, ExitCode

RECENT_SECONDS = 600
"""Failures of the worker before count for the one after it for so long."""


class TooManyFailuresError(DealwireError):
    """So many records fail that something else is wrong than the records. They stay unacknowledged."""

    exit_code = ExitCode.TEMPORARY


class Breaker:
    """Counts how the last `window` records went. A share of 0 never breaks."""

    def __init__(self, *, share: float = 0.5, window: int = 100, least: int = 20) -> None:
        self._share = share
        self._least = min(least, window)
        self._failed: deque[bool] = deque(maxlen=window)

    @property
    def failing(self) -> float:
        """Give the share of failures among the last records; 0 before there were any."""
        return sum(self._failed) / len(self._failed) if self._failed else 0.0

    @property
    def counts(self) -> tuple[int, int]:
        """Give how many failed of how many records."""
        return sum(self._failed), len(self._failed)

    def resume(self, failed: int, of: int) -> None:
        """Go on from what another breaker counted."""
        self.handled(of - failed)
        self.failed(failed)

    def handled(self, count: int = 1) -> None:
        """Take note of records that went well."""
        self._failed.extend([False] * count)

    def failed(self, count: int = 1) -> None:
        """Take note of records that failed."""
        self._failed.extend([True] * count)

    @property
    def broken(self) -> bool:
        """Whether a failure is now one too many; ask only at one, so that a worker that is mended goes on."""
        return bool(self._share) and len(self._failed) >= self._least and self.failing >= self._share

"""When to ask again: soon after something changed, later while nothing does, and within the share.

The share is a credit that grows with time and that each call takes from. What is not used is kept for an
hour, for bursts; a poll of many pages is paid for afterwards. What everybody else leaves of the org's calls
counts, too: every answer says it. Pure; moments come with the calls.
"""

from datetime import datetime

from connectors.salesforce.polling.config import PollConfig
from connectors.salesforce.usage import ApiUsage

__all__ = ["Pace"]

_DAY_S = 86_400
_KEPT_S = 3600
_GROWS = 1.5
_MOST_QUIET = 64
_SMALLEST_ORG = 15_000
"""Calls a day of the smallest edition; assumed until the first answer tells."""
_SPARING, _SPENT = 0.8, 0.95
_REST_S = 900.0


class Pace:
    """The credit of calls of one org, and how long nothing has changed in it."""

    def __init__(self, config: PollConfig, at: datetime) -> None:
        self._config = config
        self._at = at
        self._quiet = 0
        self._allowed = _SMALLEST_ORG
        self._used_share = 0.0
        self._credit = self._per_second * _KEPT_S

    @property
    def _per_second(self) -> float:
        return self._allowed * self._config.share / _DAY_S

    def called(self, calls: int, usage: ApiUsage | None, at: datetime) -> None:
        """Note calls that were made up to a moment, and what the last answer said of the org's."""
        elapsed = max((at - self._at).total_seconds(), 0.0)
        self._at = at
        if usage is not None and usage.allowed > 0:
            self._allowed, self._used_share = usage.allowed, usage.used / usage.allowed
        most = max(self._per_second * _KEPT_S, 1.0)
        self._credit = min(self._credit + elapsed * self._per_second, most) - calls

    def polled(self, *, found: bool) -> None:
        """Note that a poll ended, and whether it found anything."""
        self._quiet = 0 if found else min(self._quiet + 1, _MOST_QUIET)

    @property
    def is_sparing(self) -> bool:
        """Whether the org's calls are nearly used up, by whomever."""
        return self._used_share >= _SPARING

    def until_affordable(self) -> float:
        """Give the seconds until one more call is within the share, whatever it is for."""
        return max((1.0 - self._credit) / self._per_second, 0.0)

    def until_next_poll(self) -> float:
        """Give the seconds to wait before the next poll."""
        shortest, longest = self._config.shortest_seconds, self._config.longest_seconds
        if self._used_share >= _SPENT:
            wanted = max(longest, _REST_S)
        elif self.is_sparing:
            wanted = longest
        else:
            wanted = min(shortest * _GROWS**self._quiet, longest)
        return max(wanted, self.until_affordable())

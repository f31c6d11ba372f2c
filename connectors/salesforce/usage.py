"""How much of the org's API calls is used, as every answer says.

Source: REST API Developer Guide, "Limit Info Header".
"""

import re
from dataclasses import dataclass

__all__ = ["ApiUsage", "usage_of"]

_USAGE = re.compile(r"(?:^|[;,\s])api-usage=(\d{1,12})/(\d{1,12})(?!\d)")


@dataclass(frozen=True, slots=True)
class ApiUsage:
    """API calls of the last 24 hours, by everybody who uses the org, and how many it may make."""

    used: int
    allowed: int

    @property
    def share(self) -> float:
        """The used part, 1.0 being all of it; an org may go beyond for a while."""
        return self.used / self.allowed if self.allowed else 1.0


def usage_of(header: str) -> ApiUsage | None:
    """Read `Sforce-Limit-Info`; None where it says nothing of the org's usage."""
    match = _USAGE.search(header)
    return ApiUsage(int(match[1]), int(match[2])) if match else None

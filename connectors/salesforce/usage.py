"""How much of the org's API calls is used, as every answer says.

Source: REST API Developer Guide, "Limit Info Header".
"""

import re
from dataclasses import dataclass

__all__ = ["ApiUsage", "usage_of"]

_USAGE = re.compile(r"(?:^|[;,\s])api-usage=(\d{1,12})/(\d{1,12})(?!\d)")


@dataclass(frozen=True, slots=True)
class ApiUsage:
    """API calls of the last 24 hours, by everybody who uses the org, and how many it may make.

    An org may go beyond for a while.
    """

    used: int
    allowed: int


def usage_of(header: str) -> ApiUsage | None:
    """Read `Sforce-Limit-Info`; None where it says nothing of the org's usage."""
    match = _USAGE.search(header)
    return ApiUsage(int(match[1]), int(match[2])) if match else None

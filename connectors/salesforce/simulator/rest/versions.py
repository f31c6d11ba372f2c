"""The versions of the API, and the resources of one. Source: REST API Developer Guide, "Versions"."""

from connectors.salesforce.simulator.rest.call import Request
from connectors.salesforce.simulator.rest.context import Context
from connectors.salesforce.simulator.rest.reply import ApiError, Reply, not_found

__all__ = ["NEWEST", "OLDEST", "checked_version", "resources", "versions"]

OLDEST, NEWEST = 58, 66
_SEASONS = ("Spring", "Summer", "Winter")
# v58.0 was Summer '23; there are three a year, and Winter is named for the year that follows.
_ORIGIN = 57 - 3 * 23


def versions() -> Reply:
    """Answer `GET /services/data/`, which needs no session."""
    return Reply(
        [
            {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number in range(OLDEST, NEWEST + 1)
        ]
    )


def checked_version(segment: str) -> str:
    """Give the version of a path's segment such as `v66.0`. Raises `ApiError` for one that is not spoken."""
    number, dot, minor = segment.removeprefix("v").partition(".")
    if not (segment.startswith("v") and number.isdecimal() and number.isascii() and dot and minor == "0"):
        raise not_found()
    if len(number) > len(str(NEWEST)) or int(number) > NEWEST:
        raise not_found()
    if int(number) < OLDEST:
        raise ApiError(
            410,
            "UNSUPPORTED_API_VERSION",
            f"API version {segment.removeprefix('v')} is not supported; the oldest is {OLDEST}.0",
        )
    return f"{int(number)}.0"


def resources(context: Context, request: Request) -> Reply:
    """Answer `GET /services/data/vXX.X`."""
    org, base = context.org, request.base
    names = ("composite", "limits", "query", "queryAll", "sobjects")
    shown = {name: f"{base}/{name}" for name in names}
    return Reply({**shown, "identity": f"{org.login_url}/id/{org.org_id}/{request.caller.user_id}"})


def _label(number: int) -> str:
    year, season = divmod(number - _ORIGIN, len(_SEASONS))
    name = _SEASONS[season]
    return f"{name} '{year + (name == 'Winter')}"

"""What the REST API's error answers mean: try again, or somebody must change something.

Source: REST API Developer Guide, "Status Codes and Error Responses". Answers may be HTML, or empty.
"""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from schemas.errors import RefusedError, UnavailableError

__all__ = ["codes_of", "rest_error", "session_ended"]

_EDGE_NO_ROUTE = 420
_PASSING_STATUSES = frozenset([HTTPStatus.REQUEST_TIMEOUT, _EDGE_NO_ROUTE, HTTPStatus.TOO_MANY_REQUESTS])
_PASSING_CODES = frozenset(["QUERY_TIMEOUT", "UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION"])
_OURS = frozenset([HTTPStatus.REQUEST_URI_TOO_LONG, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE])
_DAY_IS_USED_UP = timedelta(minutes=15)
_TOO_MANY_AT_ONCE = timedelta(seconds=10)
_LONGEST_WAIT_S = 3600
_MOST_SHOWN = 300

_ADVICE: Mapping[str, str] = {
    "API_DISABLED_FOR_ORG": "A Salesforce administrator gives the integration user API Enabled.",
    "API_CURRENTLY_DISABLED": "A Salesforce administrator turns the API on.",
    "INSUFFICIENT_ACCESS": "A Salesforce administrator gives the integration user read access to the object.",
    "INVALID_TYPE": "A Salesforce administrator gives the integration user read access to the object.",
    "INVALID_SESSION_ID": "A Salesforce administrator lets the app's sessions use the REST API.",
    "INVALID_FIELD": "The field was removed or hidden; restart to read the org's description again.",
    "UNSUPPORTED_API_VERSION": "Set api_version to one that the org supports.",
}


def codes_of(body: Any) -> frozenset[str]:
    """Give the error codes of an answer; none where it is not Salesforce's."""
    return frozenset(str(item["errorCode"]) for item in _items(body))


def session_ended(status: int, body: Any) -> bool:
    """Whether a new login helps.

    It does not where the session is good but not for the REST API; that is said by other words.
    """
    if status != HTTPStatus.UNAUTHORIZED:
        return False
    said = " ".join(str(item.get("message", "")) for item in _items(body)).lower()
    return "not valid for use" not in said and "not attached" not in said


def rest_error(status: int, body: Any, *, on: str, retry_after: str = "") -> RefusedError | UnavailableError:
    """Sort an answer that is no success. `body` is its JSON, or its text where it is none."""
    items = _items(body)
    codes = codes_of(body)
    first = items[0] if items else {}
    code = str(first.get("errorCode", ""))
    said = _shown(str(first.get("message", "")))
    what = f"Salesforce answers {status}" + (f" {code}: {said}" if code else "")
    if "REQUEST_LIMIT_EXCEEDED" in codes:
        return UnavailableError(
            what,
            on=on,
            retry_after=_DAY_IS_USED_UP if "TotalRequests" in said else _TOO_MANY_AT_ONCE,
            todo="Find in the org's API usage who makes the calls, or buy more.",
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _PASSING_STATUSES or codes & _PASSING_CODES:
        return UnavailableError(what, on=on, retry_after=_seconds(retry_after))
    if status < HTTPStatus.BAD_REQUEST:
        return UnavailableError(
            f"{what}, a redirect, which tokens do not follow",
            on=on,
            todo="Log in again: the org may have moved.",
        )
    if not codes and status not in _OURS:
        # Not Salesforce's own answer but that of something in between, which may pass.
        return UnavailableError(what, on=on, retry_after=_seconds(retry_after))
    return RefusedError(what, on=on, todo=_ADVICE.get(code, ""))


def _items(body: Any) -> list[dict[str, Any]]:
    listed = body if isinstance(body, list) else []
    return [item for item in listed if isinstance(item, dict) and "errorCode" in item]


def _shown(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text[:_MOST_SHOWN]).split())


def _seconds(value: str) -> timedelta | None:
    value = value.strip()
    return (
        timedelta(seconds=min(int(value[:9]), _LONGEST_WAIT_S))
        if value.isascii() and value.isdigit()
        else None
    )

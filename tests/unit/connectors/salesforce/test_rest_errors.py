"""Which answers of the REST API may pass, and which need somebody to act."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.salesforce.rest_errors import rest_error, session_ended
from schemas.errors import DealwireError, RefusedError, UnavailableError


def said(code: str, message: str = "") -> list[dict[str, str]]:
    return [{"errorCode": code, "message": message}]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, said("MALFORMED_QUERY", "unexpected token"), RefusedError),
        (400, said("INVALID_FIELD", "No such column"), RefusedError),
        (400, said("INVALID_TYPE"), RefusedError),
        (400, said("MALFORMED_ID"), RefusedError),
        (400, said("QUERY_TIMEOUT"), UnavailableError),
        (400, said("UNABLE_TO_LOCK_ROW"), UnavailableError),
        (401, said("INVALID_SESSION_ID", "not valid for use with the REST API"), RefusedError),
        (403, said("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), UnavailableError),
        (403, said("API_DISABLED_FOR_ORG"), RefusedError),
        (403, "<html>blocked</html>", UnavailableError),
        (404, said("NOT_FOUND"), RefusedError),
        (414, "<h1>Bad Message 414</h1>", RefusedError),
        (431, "", RefusedError),
        (302, "", UnavailableError),
        (420, "", UnavailableError),
        (429, "", UnavailableError),
        (500, said("UNKNOWN_EXCEPTION"), UnavailableError),
        (502, "", UnavailableError),
        (503, "<html>maintenance</html>", UnavailableError),
        (503, None, UnavailableError),
        (400, {"errorCode": "no list"}, UnavailableError),
        (400, ["text", 5], UnavailableError),
    ],
)
def test_answers_are_sorted(status: int, body: Any, error: type[DealwireError]) -> None:
    assert isinstance(rest_error(status, body, on="GET query"), error)


@pytest.mark.parametrize(
    ("message", "wait"),
    [
        ("TotalRequests Limit exceeded.", timedelta(minutes=15)),
        ("ConcurrentRequests (Concurrent API Requests) Limit exceeded.", timedelta(seconds=10)),
        ("ConcurrentPerOrgLongTxn Limit exceeded", timedelta(seconds=10)),
    ],
)
def test_a_used_up_limit_says_how_long_to_wait(message: str, wait: timedelta) -> None:
    found = rest_error(403, said("REQUEST_LIMIT_EXCEEDED", message), on="GET query")
    assert isinstance(found, UnavailableError)
    assert found.retry_after == wait


@pytest.mark.parametrize(("value", "seconds"), [("7", 7), ("9" * 40, 3600)])
def test_retry_after_is_heard_with_a_bound(value: str, seconds: int) -> None:
    found = rest_error(503, "", on="GET query", retry_after=value)
    assert isinstance(found, UnavailableError)
    assert found.retry_after == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, said("INVALID_SESSION_ID", "Session expired or invalid"), True),
        (401, "<html>", True),
        (401, said("INVALID_SESSION_ID", "This session is not valid for use with the REST API"), False),
        (401, said("INVALID_SESSION_ID", "Connected app is not attached to Agent"), False),
        (403, said("INVALID_SESSION_ID", "Session expired or invalid"), False),
    ],
)
def test_a_new_login_helps_only_where_the_session_ended(status: int, body: Any, *, expected: bool) -> None:
    assert session_ended(status, body) is expected


def test_a_long_message_is_cut_and_cleaned() -> None:
    found = rest_error(400, said("INVALID_FIELD", "\x1b[2J\n" + "x" * 100_000), on="GET query")
    assert len(str(found)) < 1000
    assert "\x1b" not in str(found)

import json
from datetime import UTC, datetime, timedelta

import pytest

from connectors.accounts.http_replies import Reply, failure
from schemas.errors import RefusedError, UnavailableError

NOW = datetime(2026, 9, 14, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind", "unknown"),
    [
        (302, RefusedError, None),
        (400, RefusedError, None),
        (401, RefusedError, None),
        (403, RefusedError, None),
        (404, RefusedError, None),
        (408, UnavailableError, False),
        (413, RefusedError, None),
        (422, RefusedError, None),
        (425, UnavailableError, False),
        (429, UnavailableError, False),
        (500, UnavailableError, True),
        (502, UnavailableError, True),
        (503, UnavailableError, True),
        (504, UnavailableError, True),
        (204, UnavailableError, True),
        (599, UnavailableError, True),
    ],
)
def test_every_status_has_its_meaning(status: int, kind: type[Exception], unknown: bool | None) -> None:
    error = failure(Reply(status, {"Retry-After": "3"}, b""), on="PUT", now=NOW)
    assert type(error) is kind
    if isinstance(error, UnavailableError):
        assert error.unknown_outcome is unknown
        assert error.retry_after == timedelta(seconds=3)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"title": "Not an account", "detail": "arr: too long"}', ": Not an account: arr: too long"),
        (b'{"title": "two\\nlines\\u001b[31m  here"}', ": two lines [31m here"),
        (b'{"title": 7, "detail": null}', ""),
        (b'["title"]', ""),
        (b"<html>", ""),
        (b"\xff\xfe", ""),
        (b"[" * 50_000, ""),
        (json.dumps({"detail": "x" * 5000}).encode(), ": " + "x" * 300),
    ],
)
def test_what_the_service_says_is_told_short_and_on_one_line(body: bytes, told: str) -> None:
    assert failure(Reply(422, {}, body), on="", now=NOW).what == f"the accounts service answers 422{told}"

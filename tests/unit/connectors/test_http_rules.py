"""What our HTTP clients keep to."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from connectors.http_rules import is_loopback, retry_after, tls
from schemas.errors import ConfigurationError

NOW = datetime(2026, 9, 14, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("9" * 400, 10**6),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        ("Mon, 14 Sep 2026 10:30:05 +0200", 5),
        ("Mon, 14 Sep 2026 08:30:05 -0000", 5),
        ("Mon, 99 Sep 2026 08:30:05 GMT", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, expected: int | None) -> None:
    assert retry_after(value, NOW) == (None if expected is None else timedelta(seconds=expected))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost.evil.example", False),
        ("10.0.0.1", False),
        ("models.example.com", False),
        ("", False),
    ],
)
def test_what_never_leaves_this_machine(host: str, *, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_authorities_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    assert tls(None, setting="a.ca_file") is True
    with pytest.raises(ConfigurationError, match="cannot be read"):
        tls(str(tmp_path / "missing.pem"), setting="a.ca_file")

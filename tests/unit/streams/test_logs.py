"""No secret and no personal data reaches a log line."""

import pytest

from streams.logs import mask_event, masked

TOKEN = "00D5g000000Jm5X!AQ4AQExampleOpaqueSessionValue"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"called with Bearer {TOKEN}", "called with Bearer •••"),
        (f"session {TOKEN} ended", "session ••• ended"),
        ("assertion eyJhbGciOi.eyJpc3Mi.c2ln given", "assertion ••• given"),
        ("POST client_secret=abc&grant_type=password", "POST client_secret=•••&grant_type=password"),
        ("postgresql://dealwire:hunter2@db/x", "postgresql://•••@db/x"),
        ("mail to kim@customer.example failed", "mail to ••• failed"),
        (
            "opportunity 0065g00000Zk1QaAAJ entered Closed Won",
            "opportunity 0065g00000Zk1QaAAJ entered Closed Won",
        ),
    ],
)
def test_secrets_are_known_by_their_form(text: str, left: str) -> None:
    assert masked(text) == left


def test_secrets_are_known_by_their_name_at_any_depth() -> None:
    event = mask_event(
        None,
        "info",
        {
            "event": "published",
            "org": "00D5g000000Jm5XEAS",
            "access_token": "x",
            "request": {"headers": {"Authorization": "Basic eDp5"}, "tries": 2},
            "contact_email": "kim@customer.example",
            "errors": [ValueError("login for kim@customer.example failed")],
        },
    )
    assert event == {
        "event": "published",
        "org": "00D5g000000Jm5XEAS",
        "access_token": "•••",
        "request": {"headers": {"Authorization": "•••"}, "tries": 2},
        "contact_email": "•••",
        "errors": ["login for ••• failed"],
    }

"""What a refused login says to do, and to whom."""

import json
from datetime import timedelta

import pytest

from connectors.salesforce.login_errors import LoginReply, login_error
from schemas.errors import RefusedError, UnavailableError

ON = "https://acme.my.salesforce.com/services/oauth2/token"


def said(status: int, error: str, description: str = "") -> LoginReply:
    body = {"error": error, "error_description": description}
    return LoginReply(status, {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "error", "description", "advice"),
    [
        (400, "invalid_grant", "expired access/refresh token", "approves the app"),
        (400, "invalid_grant", "authentication failure", "Login History"),
        (400, "invalid_grant", "user hasn't approved this consumer", "pre-authorized"),
        (400, "invalid_grant", "Audience validation failed", "login_url"),
        (400, "invalid_grant", "expired authorization code", "clock"),
        (400, "invalid_grant", "invalid assertion", "certificate"),
        (400, "invalid_grant", "request not supported on this domain", "My Domain"),
        (400, "invalid_grant", "no client credentials user enabled", "user to run as"),
        (400, "invalid_grant", "something new", "Login History"),
        (400, "invalid_app_access", "user is not admin approved to access this app", "permission set"),
        (400, "invalid_client", "invalid client credentials", "client_secret"),
        (401, "invalid_client", "invalid client credentials", "client_secret"),
        (400, "invalid_client", "app must be installed into org", "installs"),
        (400, "invalid_client_id", "client identifier invalid", "client_id"),
        (400, "unsupported_grant_type", "grant type not supported", "flow"),
        (400, "redirect_uri_mismatch", "redirect_uri must match configuration", "callback URL"),
        (400, "never_heard_of", "", "client_id"),
    ],
)
def test_a_refusal_names_the_error_and_who_changes_what(
    status: int, error: str, description: str, advice: str
) -> None:
    found = login_error(said(status, error, description), on=ON)
    assert isinstance(found, RefusedError)
    assert error in found.what
    assert advice in found.todo


@pytest.mark.parametrize(
    "reply",
    [
        LoginReply(500, {}, b""),
        LoginReply(503, {}, b"<html>maintenance</html>"),
        LoginReply(420, {}, b""),
        LoginReply(429, {}, b"{}"),
        LoginReply(408, {}, b""),
        LoginReply(403, {}, b"<html>proxy</html>"),
        LoginReply(404, {}, b"[]"),
        LoginReply(400, {}, b'{"error": 5}'),
        LoginReply(400, {}, b"\xff\xfe"),
        said(400, "invalid_grant", "login rate exceeded"),
        said(503, "invalid_client", "invalid client credentials"),
    ],
)
def test_what_may_pass_is_not_taken_for_a_refusal(reply: LoginReply) -> None:
    assert isinstance(login_error(reply, on=ON), UnavailableError)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("30", 30), ("999999", 3600), ("", None), ("soon", None), ("-1", None), ("\u0663", None)],
)
def test_retry_after_is_read_with_a_bound(value: str, expected: int | None) -> None:
    found = login_error(LoginReply(503, {"Retry-After": value}, b""), on=ON)
    assert isinstance(found, UnavailableError)
    assert found.retry_after == (None if expected is None else timedelta(seconds=expected))


def test_a_redirect_is_refused() -> None:
    found = login_error(LoginReply(302, {"Location": "https://evil.example"}, b""), on=ON)
    assert isinstance(found, RefusedError)
    assert "My Domain" in found.todo


def test_a_long_hostile_description_is_cut_and_cleaned() -> None:
    found = login_error(said(400, "invalid_grant", "\x1b[2J" + "x" * 100_000), on=ON)
    assert len(str(found)) < 1000
    assert "\x1b" not in str(found)

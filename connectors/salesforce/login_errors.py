"""What the token endpoint's refusals mean, and who must change what.

Texts: Salesforce Help, "OAuth Authorization Errors".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from schemas.errors import RefusedError, UnavailableError

__all__ = ["LoginReply", "login_advice", "login_error", "shown"]

_PASSING_STATUSES = frozenset(
    [HTTPStatus.REQUEST_TIMEOUT, 420, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS]
)
_PASSING_TEXTS = ("login rate exceeded", "temporarily unavailable", "server_error")
_MOST_SHOWN = 200

# By error and by the beginning of its description; the empty description stands for all others.
_ADVICE: Mapping[tuple[str, str], str] = {
    ("invalid_grant", "expired access/refresh token"): (
        "Salesforce ended this grant: it was revoked, not used for too long, or used twice. Type: dealwire "
        "connect, with the connection's name; for other flows an administrator approves the app again."
    ),
    ("invalid_grant", "authentication failure"): (
        "A Salesforce administrator looks at the integration user's Login History: the user is inactive, "
        "frozen, or the app's IP or session policy keeps it out."
    ),
    ("invalid_grant", "user hasn't approved this consumer"): (
        "A Salesforce administrator sets the app's permitted users to `Admin approved users are "
        "pre-authorized` and gives the integration user one of its profiles or permission sets."
    ),
    ("invalid_grant", "audience validation failed"): (
        "Set login_url to the org's own My Domain; a sandbox is told by `.sandbox.` in it."
    ),
    ("invalid_grant", "expired authorization code"): (
        "It came too late, or twice: connect again; for jwt, set this machine's clock by NTP."
    ),
    ("invalid_grant", "invalid assertion"): (
        "The app's certificate does not belong to jwt_key_file, or this machine's clock is wrong: whoever "
        "runs dealwire uploads the certificate again."
    ),
    ("invalid_grant", "request not supported on this domain"): (
        "client_credentials works on the org's My Domain only: set login_url to https://NAME.my.salesforce.com."
    ),
    ("invalid_grant", "no client credentials user enabled"): (
        "A Salesforce administrator turns on the app's client credentials flow and names the user to run as."
    ),
    ("invalid_grant", ""): (
        "A Salesforce administrator looks at the integration user's Login History for the reason."
    ),
    ("invalid_app_access", ""): (
        "A Salesforce administrator gives the integration user a profile or permission set of the app."
    ),
    ("invalid_client", "app must be installed into org"): (
        "A Salesforce administrator installs the connected app; uninstalled ones are no longer admitted."
    ),
    ("invalid_client", ""): (
        "Whoever runs dealwire sets client_secret to the app's current consumer secret, and restarts."
    ),
    ("invalid_client_id", ""): (
        "Whoever runs dealwire sets client_id to the app's consumer key; a new app needs ten minutes "
        "to be known."
    ),
    ("unsupported_grant_type", ""): (
        "A Salesforce administrator allows the app this flow, or whoever runs dealwire sets another `flow`."
    ),
    ("redirect_uri_mismatch", ""): (
        "A Salesforce administrator adds the callback URL that dealwire connect prints to the app, letter "
        "by letter; a change takes ten minutes to be known."
    ),
    (
        "access_denied",
        "",
    ): "Whoever logged in did not allow it: connect again, and allow it.",
    ("invalid_scope", ""): "A Salesforce administrator gives the app the OAuth scopes api and refresh_token.",
}


@dataclass(frozen=True, slots=True)
class LoginReply:
    """What the token endpoint answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def login_error(reply: LoginReply, *, on: str) -> RefusedError | UnavailableError:
    """Say why a login failed: `RefusedError` until somebody changes something, else `UnavailableError`."""
    error, description = _said(reply.content)
    if HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.BAD_REQUEST:
        return RefusedError(
            f"the login host answers {reply.status}, a redirect, which credentials do not follow",
            on=on,
            todo="Set login_url to the org's current My Domain.",
        )
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status in _PASSING_STATUSES:
        return UnavailableError(
            f"the login host answers {reply.status}", on=on, retry_after=_retry_after(reply.headers)
        )
    if not error:
        return UnavailableError(
            f"the login host answers {reply.status} and no OAuth error",
            on=on,
            todo="If it lasts, check login_url and what stands between this machine and Salesforce.",
        )
    shown = f"Salesforce refuses the login: {error}" + (f", {description}" if description else "")
    if any(text in f"{error} {description}".lower() for text in _PASSING_TEXTS):
        return UnavailableError(shown, on=on, retry_after=_retry_after(reply.headers))
    return RefusedError(shown, on=on, todo=login_advice(error, description))


def login_advice(error: str, description: str) -> str:
    """Say who must change what, where there is a refusal in these words."""
    # Salesforce Help prints `access-denied` for the web server flow, and orgs send `access_denied`.
    error = error.replace("-", "_")
    for (known, begin), advice in _ADVICE.items():
        if known == error and description.lower().startswith(begin):
            return advice
    return "Check client_id, login_url and flow, then restart."


def _said(content: bytes) -> tuple[str, str]:
    try:
        body = json.loads(content)
    except ValueError:
        return "", ""
    if not isinstance(body, dict) or not isinstance(body.get("error"), str):
        return "", ""
    return shown(body["error"]), shown(str(body.get("error_description") or ""))


def shown(text: str) -> str:
    """Give what another system said as it may be printed."""
    return "".join(char if char.isprintable() else " " for char in text[:_MOST_SHOWN])


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read Retry-After's seconds. A date is not used: it needs two clocks to agree."""
    value = headers.get("Retry-After", "").strip()
    return timedelta(seconds=min(int(value), 3600)) if value.isascii() and value.isdigit() else None

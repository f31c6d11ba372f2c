"""The assertion of the JWT bearer grant: signed by the app's key, for us, in time, for a user who may.

Source: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration"; claims as
simple-salesforce sends them (it sends `exp` as a string).
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from connectors.salesforce.simulator.clock import LiveClock
from connectors.salesforce.simulator.oauth.clients import same, user_by_name
from connectors.salesforce.simulator.oauth.replies import OAuthError
from connectors.salesforce.simulator.org import Org

__all__ = ["asserted_user"]

_LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")
# Five minutes is the longest an assertion may live; the rest is for clocks that disagree.
_LONGEST = timedelta(minutes=5)
_LEEWAY = timedelta(minutes=1)
# Salesforce's own command line sends milliseconds (`@salesforce/core`, tryJwtAuth), and is let in.
_SURELY_MILLISECONDS = 100_000_000_000


def asserted_user(org: Org, assertion: str) -> str:
    """Give the id of the user that an assertion speaks for. Raises `OAuthError`."""
    if org.app.public_key_pem is None:
        raise OAuthError("invalid_grant", "invalid assertion")
    try:
        claims = jwt.decode(
            assertion,
            org.app.public_key_pem,
            algorithms=["RS256"],
            options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.PyJWTError as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    if not same(str(claims.get("iss", "")), org.app.client_id):
        raise OAuthError("invalid_client_id", "client identifier invalid")
    _check_audience(org, claims.get("aud"))
    _check_expiry(org, claims.get("exp"))
    user = user_by_name(org, str(claims.get("sub", "")))
    if user is None or user["Id"] not in org.app.preauthorised:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    return str(user["Id"])


def _check_audience(org: Org, audience: Any) -> None:
    named = audience if isinstance(audience, list) else [audience]
    known = {*_LOGIN_HOSTS, org.login_url.rstrip("/"), org.instance_url.rstrip("/")}
    if not any(isinstance(each, str) and each.rstrip("/") in known for each in named):
        raise OAuthError("invalid_grant", "Audience validation failed")


def _check_expiry(org: Org, expiry: Any) -> None:
    try:
        seconds = int(expiry)
        if seconds > _SURELY_MILLISECONDS:
            seconds //= 1_000
        ends = datetime.fromtimestamp(seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise OAuthError("invalid_grant", "invalid assertion") from error
    # An org whose clock was moved ahead keeps clients whose clocks were not.
    now = datetime.now(UTC) if isinstance(org.clock, LiveClock) else org.clock.now()
    if ends + _LEEWAY <= now:
        raise OAuthError("invalid_grant", "expired authorization code")
    if ends > now + _LONGEST + _LEEWAY:
        raise OAuthError("invalid_grant", "invalid assertion")

"""Who calls the token endpoint, and as whom: the connected app's credentials, a user's password."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from urllib.parse import unquote

from aiohttp import web

from connectors.salesforce.simulator.oauth.replies import OAuthError
from connectors.salesforce.simulator.objects.types import Row
from connectors.salesforce.simulator.org import Org

__all__ = ["check_client", "check_secret", "form_of", "same", "user_by_name", "user_by_password"]


async def form_of(http: web.Request) -> dict[str, str]:
    """Read the form of a request, client credentials of a Basic header among it. Raises `OAuthError`."""
    try:
        posted = await http.post()
    except (ValueError, web.HTTPRequestEntityTooLarge) as error:
        raise OAuthError("invalid_request", "the request body is not a form") from error
    form = dict(http.query.items())
    form |= {name: value for name, value in posted.items() if isinstance(value, str)}
    kind, _, encoded = http.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise OAuthError("invalid_client", "invalid client credentials") from error
        form |= {"client_id": unquote(name), "client_secret": unquote(secret)}
    return form


def check_client(org: Org, form: Mapping[str, str]) -> None:
    """Check the consumer key, and the secret where one is given. Raises `OAuthError`."""
    if not same(form.get("client_id", ""), org.app.client_id):
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if "client_secret" in form:
        check_secret(org, form)


def check_secret(org: Org, form: Mapping[str, str]) -> None:
    """Check the consumer secret. Raises `OAuthError`."""
    if not same(form.get("client_secret", ""), org.app.client_secret):
        raise OAuthError("invalid_client", "invalid client credentials")


def same(given: str, expected: str) -> bool:
    """Compare secrets in a time that does not tell how much of them is right."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def user_by_password(org: Org, username: str, password: str) -> Row | None:
    """Find the active user with this password, alone or with the security token appended."""
    credential = org.credentials.get(username) or org.credentials.get(username.lower())
    if credential is None:
        return None
    accepted = (credential.password, credential.password + credential.security_token)
    if not any(same(password, each) for each in accepted):
        return None
    return _active(org.get("User", credential.user_id))


def user_by_name(org: Org, username: str) -> Row | None:
    """Find the active user with this name."""
    wanted = username.casefold()
    found = next((row for row in org.rows("User") if str(row.get("Username", "")).casefold() == wanted), None)
    return _active(found)


def _active(user: Row | None) -> Row | None:
    return user if user is not None and user.get("IsActive") else None

"""The web server flow with PKCE: where to send a person's browser, and what its answer is worth.

Source: RFC 7636; RFC 6749, section 4.1; Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration".
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.login_errors import login_advice, shown
from connectors.salesforce.token_endpoint import Grant, TokenEndpoint
from schemas.errors import RefusedError, UnreadableError

__all__ = ["SCOPES", "BrowserLogin", "NotOursError"]

SCOPES: Mapping[str, str] = {
    "api": "read deals, stages and notes, and hear of their changes",
    "refresh_token": "go on when nobody is logged in",
}
"""What is asked for, and why."""

_LONGEST_ANSWER = 8192
_ENTROPY_BYTES = 48


class NotOursError(UnreadableError):
    """An answer to a login that was not begun here. It is not followed, and the wait for ours goes on."""


@dataclass(frozen=True, slots=True)
class BrowserLogin:
    """One login: its state and verifier are used for nothing else, and shown to nobody."""

    config: SalesforceConfig
    redirect_uri: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(_ENTROPY_BYTES), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(_ENTROPY_BYTES), repr=False)

    @property
    def url(self) -> str:
        """Where the browser goes. It holds nothing that whoever sees it could log in with."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.config.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(SCOPES),
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return f"{self.config.login_url.rstrip('/')}/services/oauth2/authorize?{urlencode(query)}"

    def code(self, address: str) -> str:
        """Give the code out of the address that the browser was sent back to.

        Raises `NotOursError` for one that is no answer to this login, `RefusedError` for a no.
        """
        given = self._given(address)
        if not hmac.compare_digest(given.get("state", "").encode(), self.state.encode()):
            raise NotOursError("this is not the answer to the login that was begun here")
        if error := given.get("error"):
            said = given.get("error_description", "")
            raise RefusedError(
                f"Salesforce sends the browser back: {shown(error)}" + (f", {shown(said)}" if said else ""),
                on=self.config.login_url,
                todo=login_advice(error, said),
            )
        if not given.get("code"):
            raise NotOursError("the answer holds neither a code nor an error")
        return given["code"]

    async def redeem(self, code: str, client_secret: str) -> Grant:
        """Give tokens for a code. Raises `RefusedError` or `UnavailableError`."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.config.client_id,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        if client_secret:
            form["client_secret"] = client_secret
        grant = await TokenEndpoint(self.config).ask(form)
        if not grant.refresh_token:
            raise RefusedError(
                "Salesforce gives no refresh token, so the connection would end with this session",
                on=self.config.login_url,
                todo="A Salesforce administrator gives the app the OAuth scope refresh_token.",
            )
        return grant

    def _given(self, address: str) -> dict[str, str]:
        query = _query(address.strip(), self.redirect_uri)
        if query is None:
            raise NotOursError(
                "this is not an address that Salesforce sends the browser back to",
                todo=f"It begins with {self.redirect_uri}?",
            )
        # A parameter that stands there twice is two answers: neither is taken.
        return {name: values[0] for name, values in query.items() if len(values) == 1}


def _query(address: str, redirect_uri: str) -> dict[str, list[str]] | None:
    """Read the query of an address; None if it is not below the one that we gave."""
    try:
        found, ours = urlsplit(address[: _LONGEST_ANSWER + 1]), urlsplit(redirect_uri)
        if len(address) > _LONGEST_ANSWER or found[:3] != ours[:3]:
            return None
        return parse_qs(found.query, strict_parsing=True, max_num_fields=20)
    except ValueError:
        return None

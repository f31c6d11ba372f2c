"""One question to an org's token endpoint: following no redirect, reading a bounded reply.

Credentials go to login_url's host and to no other. Source: Salesforce Help, "OAuth Authorization Flows".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.login_errors import LoginReply, login_error
from connectors.salesforce.token import Token
from schemas.errors import RefusedError, UnavailableError, UnreadableError
from schemas.ids import id18

__all__ = ["Grant", "TokenEndpoint"]

_LARGEST_REPLY = 64 * 1024
_OK = 200
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class Grant:
    """What was granted. `refresh_token` is empty where none is; `scope` are the permissions, by blanks."""

    token: Token
    refresh_token: str = field(repr=False)
    scope: str


class TokenEndpoint:
    """The endpoint of one org."""

    def __init__(self, config: SalesforceConfig) -> None:
        self._config = config
        self._url = f"{config.login_url.rstrip('/')}/services/oauth2/token"

    async def ask(self, form: Mapping[str, str]) -> Grant:
        """Ask for a grant once. Raises `UnavailableError` or `RefusedError`."""
        config = self._config
        timeout = aiohttp.ClientTimeout(
            total=config.timeout_seconds, sock_connect=config.connect_timeout_seconds
        )
        try:
            async with (
                # trust_env stays off: it would let a .netrc put another login beside ours.
                aiohttp.ClientSession(timeout=timeout) as http,
                http.post(
                    self._url, data=form, allow_redirects=False, headers={"Accept": "application/json"}
                ) as response,
            ):
                content = await _read(response, on=self._url)
                reply = LoginReply(response.status, response.headers, content)
        except TimeoutError as error:
            raise UnavailableError(f"no answer within {config.timeout_seconds:g} s", on=self._url) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise RefusedError(
                "the login host's certificate is not trusted",
                on=self._url,
                todo="Check login_url; a TLS-inspecting proxy's authority must be known to this machine.",
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise UnavailableError(
                f"the login host cannot be reached: {type(error).__name__}", on=self._url
            ) from error
        if reply.status != _OK:
            raise login_error(reply, on=self._url)
        return self._grant(reply.content)

    async def revoke(self, token: str) -> None:
        """End a grant, if it is not dead already. Raises `UnavailableError` if that is not sure."""
        url = f"{self._config.login_url.rstrip('/')}/services/oauth2/revoke"
        timeout = aiohttp.ClientTimeout(total=self._config.timeout_seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.post(url, data={"token": token}, allow_redirects=False) as response,
            ):
                status = response.status
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise UnavailableError(
                f"the token could not be revoked: {type(error).__name__}", on=url
            ) from None
        if status not in (_OK, _BAD_REQUEST):
            raise UnavailableError(f"a token could not be revoked: {status}", on=url)

    def _grant(self, content: bytes) -> Grant:
        try:
            body = json.loads(content)
            access, instance, identity = (str(body[name]) for name in ("access_token", "instance_url", "id"))
            org_id = id18(urlsplit(identity).path.split("/")[-2])
            refresh, scope = (str(body.get(name) or "") for name in ("refresh_token", "scope"))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, UnreadableError):
            # Without its cause, which may quote the token.
            raise UnavailableError(
                "the login host answers 200 without access_token, instance_url and id", on=self._url
            ) from None
        if not access or not access.isascii() or not access.isprintable():
            raise UnavailableError("the login host answers a token no header can carry", on=self._url)
        if not self._config.may_call(instance):
            host = urlsplit(instance).hostname
            raise RefusedError(
                f"the login names an instance on {host}, a host that may not be called",
                on=self._url,
                todo="If it is yours, add it to allowed_hosts.",
            )
        parts = urlsplit(instance)
        return Grant(Token(access, f"{parts.scheme}://{parts.netloc}", org_id), refresh, scope)


async def _read(response: aiohttp.ClientResponse, *, on: str) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(8192):
        content += chunk
        if len(content) > _LARGEST_REPLY:
            raise UnavailableError(f"the login host answers more than {_LARGEST_REPLY} bytes", on=on)
    return bytes(content)

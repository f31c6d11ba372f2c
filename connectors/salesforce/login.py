"""One login: client credentials, or a signed JWT. Credentials go to login_url's host and to no other.

Source: Salesforce Help, "OAuth 2.0 Client Credentials Flow", "OAuth 2.0 JWT Bearer Flow".
"""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp
import jwt

from connectors.ports import Clock
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.login_errors import LoginReply, login_error
from connectors.salesforce.token import Token
from schemas.errors import ConfigurationError, RefusedError, UnavailableError, UnreadableError
from schemas.ids import id18

__all__ = ["Login", "OAuthLogin"]

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_LIVES = timedelta(minutes=3)
_LARGEST_REPLY = 64 * 1024
_OK = 200


class Login(Protocol):
    """Asks for a token once."""

    async def __call__(self) -> Token:
        """Log in. Raises `UnavailableError`, `RefusedError` or `ConfigurationError`."""
        ...


class OAuthLogin:
    """Logs in at an org's token endpoint, following no redirect and reading a bounded reply."""

    def __init__(self, config: SalesforceConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._url = f"{config.login_url.rstrip('/')}/services/oauth2/token"

    async def __call__(self) -> Token:
        """Log in once."""
        form = await self._form()
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
        return self._token(reply.content)

    async def _form(self) -> dict[str, str]:
        config = self._config
        if config.flow == "jwt":
            return {"grant_type": _JWT_BEARER, "assertion": await self._assertion()}
        if config.client_secret is None:
            # Not asked for earlier: commands that log in nowhere need no secret.
            raise ConfigurationError(
                "client_credentials needs client_secret",
                on=config.login_url,
                todo="Set it in the environment or by a file reference; see docs/configuration.md.",
            )
        secret = config.client_secret.get_secret_value()
        return {"grant_type": "client_credentials", "client_id": config.client_id, "client_secret": secret}

    async def _assertion(self) -> str:
        path = self._config.jwt_key_file or Path()
        claims = {
            "iss": self._config.client_id,
            "sub": self._config.username,
            "aud": self._config.audience,
            "exp": int((self._clock.now() + _ASSERTION_LIVES).timestamp()),
        }
        try:
            key = await asyncio.to_thread(path.read_bytes)
            return jwt.encode(claims, key, algorithm="RS256")
        except OSError as error:
            raise ConfigurationError(
                f"the private key cannot be read: {error.strerror}", on=str(path), todo="Set jwt_key_file."
            ) from error
        except (jwt.PyJWTError, ValueError, TypeError):
            # Its cause is not shown: it may quote the key.
            raise ConfigurationError(
                "the file holds no RSA private key without a passphrase",
                on=str(path),
                todo="Set jwt_key_file.",
            ) from None

    def _token(self, content: bytes) -> Token:
        try:
            body = json.loads(content)
            access, instance, identity = (str(body[name]) for name in ("access_token", "instance_url", "id"))
            org_id = id18(urlsplit(identity).path.split("/")[-2])
        except (ValueError, KeyError, TypeError, IndexError, UnreadableError):
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
        return Token(access, f"{parts.scheme}://{parts.netloc}", org_id)


async def _read(response: aiohttp.ClientResponse, *, on: str) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(8192):
        content += chunk
        if len(content) > _LARGEST_REPLY:
            raise UnavailableError(f"the login host answers more than {_LARGEST_REPLY} bytes", on=on)
    return bytes(content)

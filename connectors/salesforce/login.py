"""One login: client credentials, or a signed JWT.

Source: Salesforce Help, "OAuth 2.0 Client Credentials Flow", "OAuth 2.0 JWT Bearer Flow".
"""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import jwt

from connectors.ports import Clock
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.token import Token
from connectors.salesforce.token_endpoint import Grant, TokenEndpoint
from schemas.errors import ConfigurationError

__all__ = ["Login", "OAuthLogin"]

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_LIVES = timedelta(minutes=3)


class Login(Protocol):
    """Asks for a token once."""

    async def __call__(self) -> Token:
        """Log in. Raises `UnavailableError`, `RefusedError` or `ConfigurationError`."""
        ...


class OAuthLogin:
    """Logs in by what the configuration holds."""

    def __init__(self, config: SalesforceConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock

    async def __call__(self) -> Token:
        """Log in once."""
        return (await self.grant()).token

    async def grant(self) -> Grant:
        """Log in once, and give all that was granted."""
        return await TokenEndpoint(self._config).ask(await self._form())

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

"""Logging in by a refresh token, of which each may be good once: one process at a time, kept before used.

Source: Salesforce Help, "OAuth 2.0 Refresh Token Flow for Renewed Sessions", "Refresh Token Rotation".
"""

from datetime import datetime, timedelta

import structlog

from connectors.ports import Clock
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.credentials import Credentials
from connectors.salesforce.token import Token
from connectors.salesforce.token_endpoint import TokenEndpoint
from connectors.secret_store import SecretStore, StaleSecretError
from schemas.errors import ConfigurationError, UnavailableError

__all__ = ["RefreshLogin"]

_FRESH = timedelta(minutes=1)
_log = structlog.get_logger(__name__)


class RefreshLogin:
    """Gives an access token for the refresh token that the store holds.

    Who waited while another process refreshed takes that one's access token. A refresh token that came
    instead of the last is in the store before the access token beside it is given out: whoever is killed in
    between leaves a grant that holds. If the store does not take it, it is kept here and offered to the
    store again before anything else is asked of Salesforce.
    """

    def __init__(self, config: SalesforceConfig, store: SecretStore, ref: str, clock: Clock) -> None:
        self._config = config
        self._endpoint = TokenEndpoint(config)
        self._store = store
        self._ref = ref
        self._clock = clock
        self._given = ""
        self._unsaved: tuple[Credentials, int] | None = None

    async def __call__(self) -> Token:
        """Log in once."""
        async with self._store.alone(self._ref):
            if self._unsaved is not None:
                return await self._saved(*self._unsaved)
            stored = await self._store.read(self._ref)
            held = None if stored is None else Credentials.parse(stored.text, on=self._ref)
            if stored is None or held is None or not held.refresh_token:
                raise ConfigurationError(
                    "the connection has no refresh token",
                    on=self._ref,
                    todo=f"Connect again: dealwire connect {self._config.connection}",
                )
            if held.access_token not in ("", self._given) and self._is_fresh(held):
                return self._give(held)
            grant = await self._endpoint.ask(_form(self._config, held))
            return await self._saved(held.granted(grant, self._clock.now()), stored.version)

    async def _saved(self, held: Credentials, version: int) -> Token:
        try:
            await self._store.write(self._ref, held.text(), after=version)
        except StaleSecretError:
            # Somebody connected again meanwhile: what they wrote holds, and this is forgotten.
            self._unsaved = None
            raise
        except (UnavailableError, ConfigurationError) as error:
            self._unsaved = (held, version)
            _log.error("a refresh token is not saved yet", connection=self._config.connection, on=error.on)
            raise UnavailableError(
                f"the tokens of a connection could not be saved: {error.what}", on=error.on, todo=error.todo
            ) from error
        self._unsaved = None
        return self._give(held)

    def _give(self, held: Credentials) -> Token:
        self._given = held.access_token
        return held.token

    def _is_fresh(self, held: Credentials) -> bool:
        try:
            age = self._clock.now() - datetime.fromisoformat(held.issued_at)
        except (ValueError, TypeError):
            return False
        return timedelta(0) <= age < _FRESH


def _form(config: SalesforceConfig, held: Credentials) -> dict[str, str]:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": held.refresh_token,
        "client_id": config.client_id,
    }
    return form | ({"client_secret": held.client_secret} if held.client_secret else {})

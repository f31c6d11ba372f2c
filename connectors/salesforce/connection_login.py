"""Logging in by a connection: its secrets are read when they are needed, and belong to one org."""

from pydantic import SecretStr

from connectors.ports import Clock
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.connection import Connection
from connectors.salesforce.credentials import Credentials
from connectors.salesforce.login import Login, OAuthLogin
from connectors.salesforce.refresh_login import RefreshLogin
from connectors.salesforce.token import Token
from connectors.secret_store import SecretStore
from schemas.errors import RefusedError

__all__ = ["ConnectionLogin"]


class ConnectionLogin:
    """Logs in by the flow of a connection. `config` is the one that the connection was applied to."""

    def __init__(
        self, connection: Connection, config: SalesforceConfig, store: SecretStore, clock: Clock
    ) -> None:
        self._connection = connection
        self._config = config
        self._store = store
        self._clock = clock
        self._refresh = RefreshLogin(config, store, connection.secret_ref, clock)

    async def __call__(self) -> Token:
        """Log in once. A login that leads to another org is refused: its deals are not this org's."""
        token = await (await self._login())()
        if token.org_id != self._connection.org_id:
            raise RefusedError(
                f"the login leads to the org {token.org_id}, the connection is to {self._connection.org_id}",
                on=self._config.login_url,
                todo="Connect the other org under a name of its own; a refreshed sandbox is another org.",
            )
        return token

    async def _login(self) -> Login:
        match self._connection.flow:
            case "refresh_token":
                return self._refresh
            case "jwt":
                return OAuthLogin(self._config, self._clock)
            case "client_credentials":
                return OAuthLogin(await self._with_secret(), self._clock)

    async def _with_secret(self) -> SalesforceConfig:
        ref = self._connection.secret_ref
        stored = await self._store.read(ref)
        held = Credentials() if stored is None else Credentials.parse(stored.text, on=ref)
        secret = SecretStr(held.client_secret) if held.client_secret else None
        return self._config.model_copy(update={"client_secret": secret})

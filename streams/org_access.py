"""How each org of the settings is reached: by what stands there, or by a connection they name.

Nothing is shared between two orgs: each has its own configuration, token, breakers and calls.
"""

from dataclasses import dataclass

from connectors.ports import SystemClock
from connectors.salesforce.auth import TokenManager
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.connection import Connection
from connectors.salesforce.connection_book import ConnectionBook
from connectors.salesforce.connection_login import ConnectionLogin
from connectors.secrets.config import ConnectionsConfig
from connectors.secrets.files import FileSecretStore
from connectors.secrets.keys import Keys
from streams.settings import Settings

__all__ = ["OrgAccess", "by_connection", "org_access", "secret_store"]


@dataclass(frozen=True, slots=True)
class OrgAccess:
    """What it takes to call an org."""

    config: SalesforceConfig
    tokens: TokenManager


def org_access(settings: Settings, name: str) -> OrgAccess:
    """Give the access to an org of the settings.

    Raises `UsageError` for a connection that is not there, `ConfigurationError` for a disabled one.
    """
    config = settings.orgs[name]
    if not config.connection:
        return OrgAccess(config, TokenManager(config))
    connection = ConnectionBook(settings.connections.folder).get(config.connection)
    return by_connection(settings.connections, connection, config)


def by_connection(where: ConnectionsConfig, connection: Connection, config: SalesforceConfig) -> OrgAccess:
    """Give the access to the org of a connection."""
    clock, applied = SystemClock(), connection.applied(config)
    login = ConnectionLogin(connection, applied, secret_store(where), clock)
    return OrgAccess(applied, TokenManager(applied, clock=clock, login=login))


def secret_store(where: ConnectionsConfig) -> FileSecretStore:
    """Give the store of the connections' secrets."""
    return FileSecretStore(where.folder / "secrets", Keys(where.keys, where.keys_file))

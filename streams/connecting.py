"""Keeps what a login gave as a connection, looks at what it may do, and ends it again."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.connecting.checks import Findings, look
from connectors.salesforce.connection import Connection
from connectors.salesforce.connection_book import ConnectionBook
from connectors.salesforce.credentials import Credentials
from connectors.salesforce.rest import RestClient
from connectors.salesforce.token_endpoint import Grant, TokenEndpoint
from connectors.secrets.config import ConnectionsConfig
from connectors.secrets.keys import Keys
from schemas.errors import DealwireError, UsageError
from streams.org_access import by_connection, secret_store

__all__ = ["Wanted", "ensure_key", "forget", "keep", "looked_at"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be connected, under which name, and how."""

    name: str
    config: SalesforceConfig
    client_secret: str = field(default="", repr=False)


def ensure_key(where: ConnectionsConfig) -> bool:
    """See that there is a key to seal by, and say whether one was made.

    One is made only where nothing is sealed yet. Raises `ConfigurationError`.
    """
    keys = Keys(where.keys, where.keys_file)
    made = secret_store(where).is_empty() and keys.make_first()
    keys.ring()
    return made


async def keep(where: ConnectionsConfig, wanted: Wanted, grant: Grant) -> Connection:
    """Seal what was granted, and write the connection beside it.

    Raises `UsageError` where that name is a connection to another org; the grant is ended again then.
    """
    book, store, ref = ConnectionBook(where.folder), secret_store(where), f"salesforce.{wanted.name}"
    if wanted.name in book.names() and book.get(wanted.name).org_id != grant.token.org_id:
        if grant.refresh_token:
            await TokenEndpoint(wanted.config).revoke(grant.refresh_token)
        raise UsageError(
            f"{wanted.name} is a connection to another org, {book.get(wanted.name).org_id}",
            todo=f"Take another name, or type: dealwire connections forget {wanted.name}",
        )
    now, config = datetime.now(UTC), wanted.config
    held = Credentials(client_secret=wanted.client_secret)
    if grant.refresh_token:
        held = held.granted(grant, now)
    connection = Connection(
        name=wanted.name,
        org_id=grant.token.org_id,
        login_url=config.login_url,
        instance_url=grant.token.instance_url,
        flow=config.flow,
        client_id=config.client_id,
        username=config.username or "",
        jwt_key_file=str(config.jwt_key_file or ""),
        api_version=config.api_version,
        scope=grant.scope,
        secret_ref=ref,
        connected_at=now,
    )
    async with store.alone(ref):
        stored = await store.read(ref)
        await store.write(ref, held.text(), after=0 if stored is None else stored.version)
    book.put(connection)
    return connection


async def looked_at(where: ConnectionsConfig, connection: Connection) -> tuple[Connection, Findings]:
    """Look at what a connection may do, and write down which org it is.

    Raises `UnavailableError`, `RefusedError` or `ConfigurationError` where it cannot even log in.
    """
    access = by_connection(where, connection, SalesforceConfig(connection=connection.name))
    rest = RestClient(access.config, access.tokens)
    try:
        findings = await look(rest)
    finally:
        await rest.close()
    if findings.org_name:
        known = {
            "org_name": findings.org_name,
            "edition": findings.edition,
            "is_sandbox": findings.is_sandbox,
        }
        connection = connection.model_copy(update=known)
        ConnectionBook(where.folder).put(connection)
    return connection, findings


async def forget(where: ConnectionsConfig, connection: Connection) -> str:
    """End a connection's grant, and remove it with its secret. Gives why the grant may still hold, if so."""
    store, left = secret_store(where), ""
    async with store.alone(connection.secret_ref):
        try:
            stored = await store.read(connection.secret_ref)
            held = Credentials() if stored is None else Credentials.parse(stored.text, on=connection.name)
            if held.refresh_token:
                config = SalesforceConfig(login_url=connection.login_url, client_id=connection.client_id)
                await TokenEndpoint(config).revoke(held.refresh_token)
        except DealwireError as error:
            # It is forgotten here all the same: whoever types this may have lost the key.
            left = error.what
        await store.forget(connection.secret_ref)
    ConnectionBook(where.folder).forget(connection.name)
    return left

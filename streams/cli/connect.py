"""`dealwire connect`: log in to an org once, and keep it as a connection that the settings name."""

import asyncio
import json
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr, ValidationError
from rich.console import Console
from rich.text import Text

from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.connecting.checks import Findings
from connectors.salesforce.connecting.hosts import is_shared, login_url
from connectors.salesforce.connection import Connection, checked_name
from connectors.secrets.config import ConnectionsConfig
from schemas.errors import ExitCode, UsageError
from streams.cli.connect_login import by_browser, without_browser
from streams.cli.connections_display import plain, show_findings
from streams.cli.context import settings
from streams.cli.option_groups import spread
from streams.connecting import Wanted, ensure_key, keep, looked_at

app = typer.Typer(help="Log in to a Salesforce org, and keep it as a connection.")

_LARGEST_SECRET = 4096
_STDIN = "-"


class Flow(StrEnum):
    """How to log in, as people call it."""

    BROWSER = "browser"
    JWT = "jwt"
    CLIENT_CREDENTIALS = "client-credentials"


_FLOWS = {Flow.BROWSER: "refresh_token", Flow.JWT: "jwt", Flow.CLIENT_CREDENTIALS: "client_credentials"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Which org, and as which app."""

    client_id: Annotated[str, typer.Option(help="The app's consumer key.")]
    org: Annotated[
        str, typer.Option(help="Its My Domain, as in acme or acme--dev; else login.salesforce.com.")
    ] = ""
    sandbox: Annotated[bool, typer.Option("--sandbox", help="It is a sandbox: test.salesforce.com.")] = False
    api_version: Annotated[str, typer.Option(help="The API's version.")] = "66.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Login:
    """How to log in, and by what."""

    flow: Annotated[Flow, typer.Option(help="How to log in.")] = Flow.BROWSER
    client_secret_file: Annotated[
        str, typer.Option(help="A file of the consumer secret, - for standard input; else you are asked.")
    ] = ""
    username: Annotated[str, typer.Option(help="Whom to be, for jwt.")] = ""
    key_file: Annotated[Path | None, typer.Option(help="The app's private key in PEM, for jwt.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """How the browser is sent and comes back, and what is printed."""

    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the browser comes back to.")] = 8717
    paste: Annotated[bool, typer.Option("--paste", help="No browser here: paste the address.")] = False
    no_open: Annotated[bool, typer.Option("--no-open", help="Only print the address.")] = False
    wait: Annotated[float, typer.Option(min=1, max=3600, help="Seconds to wait for the course.")] = 300
    as_json: Annotated[bool, typer.Option("--json", help="The outcome as JSON, for a script.")] = False


@app.command(epilog="Example: dealwire connect acme --org acme.my.salesforce.com --client-id 3MVG9...")
@spread
def connect(
    name: Annotated[str, typer.Argument(help="What to call it: small letters, digits, _ and -.")],
    place: _Place,
    login: _Login,
    course: _Course,
) -> None:
    """Log in to an org, look at what the login may do, and keep it under a name.

    Tokens are sealed on disk and shown nowhere. The settings of an org then say connection = "NAME".
    """
    where = settings().connections
    wanted = _wanted(checked_name(name), place, login, course)
    console = Console(stderr=True)
    if ensure_key(where):
        console.print(Text(f"Made a key for secrets: {where.keys_file}. Keep a copy in a safe place."))

    async def run() -> tuple[Connection, Findings]:
        if login.flow is Flow.BROWSER:
            grant = await by_browser(
                wanted,
                port=course.port,
                paste=course.paste,
                opens=not course.no_open,
                seconds=course.wait,
                console=console,
            )
        else:
            grant = await without_browser(wanted, console)
        return await looked_at(where, await keep(where, wanted, grant))

    connection, findings = asyncio.run(run())
    if course.as_json:
        typer.echo(json.dumps(plain(connection, findings), indent=2))
    else:
        show_findings(Console(), connection, findings)
        _next_step(where, connection, findings)
    if not findings.ok:
        raise typer.Exit(ExitCode.REFUSED)


def _wanted(name: str, place: _Place, login: _Login, course: _Course) -> Wanted:
    """Give what is wanted, if it can be had. Raises `UsageError`."""
    url, flow, key_file = login_url(place.org, sandbox=place.sandbox), login.flow, login.key_file
    if flow is Flow.CLIENT_CREDENTIALS and is_shared(url):
        raise UsageError(
            "client-credentials works on the org's own My Domain only",
            todo="Give --org, as in: --org acme.my.salesforce.com",
        )
    if flow is Flow.JWT and not (login.username and key_file):
        raise UsageError("jwt needs --username and --key-file")
    if course.paste and login.client_secret_file == _STDIN:
        raise UsageError("standard input is for the address", todo="Give --client-secret-file a file.")
    secret = (
        "" if flow is Flow.JWT else _secret(login.client_secret_file, needed=flow is Flow.CLIENT_CREDENTIALS)
    )
    values = {
        "connection": name,
        "login_url": url,
        "flow": _FLOWS[flow],
        "client_id": place.client_id,
        "client_secret": SecretStr(secret) if secret else None,
        "username": login.username or None,
        "jwt_key_file": key_file.absolute() if key_file else None,
        "api_version": place.api_version,
    }
    try:
        return Wanted(name, SalesforceConfig.model_validate(values), secret)
    except ValidationError as error:
        said = "; ".join(each["msg"] for each in error.errors(include_input=False, include_url=False))
        raise UsageError(said) from None


def _next_step(where: ConnectionsConfig, connection: Connection, findings: Findings) -> None:
    name = connection.name
    line = (
        f'Put into your settings: [orgs.{name}] connection = "{name}"'
        if findings.ok
        else f"It is kept in {where.folder}. Once that is mended, type: dealwire connections test {name}"
    )
    Console().print(Text(line), soft_wrap=True)


def _secret(file: str, *, needed: bool) -> str:
    if file == _STDIN:
        return sys.stdin.readline(_LARGEST_SECRET).strip()
    if file:
        try:
            with Path(file).open(encoding="utf-8") as handle:
                return handle.read(_LARGEST_SECRET).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the secret's file cannot be read: {type(error).__name__}", on=file) from None
    if sys.stdin.isatty():
        hint = "" if needed else ", empty if the app needs none"
        return str(
            typer.prompt(f"Consumer secret{hint}", hide_input=True, default="", show_default=False, err=True)
        )
    if needed:
        raise UsageError("client-credentials needs the consumer secret", todo="Give --client-secret-file.")
    return ""

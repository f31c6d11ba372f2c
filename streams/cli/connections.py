"""`dealwire connections`: the orgs that were connected, whether they still are, and ending that."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.salesforce.connection_book import ConnectionBook
from connectors.secrets.keys import Keys
from schemas.errors import ExitCode
from streams.cli.connections_display import FLOWS, plain, show_connection, show_findings
from streams.cli.context import settings
from streams.cli.notes import aside
from streams.connecting import forget as forgotten
from streams.connecting import looked_at
from streams.org_access import secret_store

app = typer.Typer(no_args_is_help=True, help="The orgs that were connected, and their keys.")

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for a script.")]
Name = Annotated[str, typer.Argument(help="The connection's name.", metavar="NAME")]


@app.command("list", epilog="Example: dealwire connections list")
def list_connections(as_json: AsJson = False) -> None:
    """List every connection: which org, how, and whether it is used."""
    book = ConnectionBook(settings().connections.folder)
    found = [book.get(name) for name in book.names()]
    if as_json:
        typer.echo(json.dumps([plain(each) for each in found], indent=2))
        return
    table = Table("name", "org", "edition", "host", "by", "status", box=None, header_style="bold")
    for each in found:
        cells = (each.name, each.org_name or each.org_id, each.edition, each.instance_url, FLOWS[each.flow])
        table.add_row(*(Text(cell) for cell in cells), Text(each.status))
    Console().print(table)
    if not found:
        aside("No org is connected yet. Type: dealwire connect NAME --client-id KEY")


@app.command(epilog="Example: dealwire connections show acme")
def show(name: Name, as_json: AsJson = False) -> None:
    """Show one connection, without its secrets."""
    found = ConnectionBook(settings().connections.folder).get(name)
    if as_json:
        typer.echo(json.dumps(plain(found), indent=2))
    else:
        show_connection(Console(), found)


@app.command("test", epilog="Example: dealwire connections test acme")
def try_out(name: Name, as_json: AsJson = False) -> None:
    """Log in by a connection and look at what it may do; say what is wrong and who changes what."""
    where = settings().connections
    found, findings = asyncio.run(looked_at(where, ConnectionBook(where.folder).get(name)))
    if as_json:
        typer.echo(json.dumps(plain(found, findings), indent=2))
    else:
        show_findings(Console(), found, findings)
    if not findings.ok:
        raise typer.Exit(ExitCode.REFUSED)


@app.command(epilog="Example: dealwire connections disable acme")
def disable(
    name: Name, off: Annotated[bool, typer.Option("--off", help="No longer: use it again.")] = False
) -> None:
    """Let no process use a connection that starts from now on."""
    book = ConnectionBook(settings().connections.folder)
    status = "connected" if off else "disabled"
    book.put(book.get(name).model_copy(update={"status": status}))
    Console().print(Text(f"{name} is {status}."))


@app.command(epilog="Example: dealwire connections forget acme")
def forget(
    name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether I am sure.")] = False
) -> None:
    """End a connection's grant in Salesforce, and remove it with its secrets."""
    where = settings().connections
    found = ConnectionBook(where.folder).get(name)
    if not yes:
        typer.confirm(f"Forget {name}, the connection to {found.org_name or found.org_id}?", abort=True)
    if left := asyncio.run(forgotten(where, found)):
        aside(f"The grant may still hold in Salesforce: {left}. End it in Setup, Connected Apps OAuth Usage.")
    Console().print(Text(f"{name} is forgotten."))


@app.command("rotate-key", epilog="Example: dealwire connections rotate-key")
def rotate_key() -> None:
    """Seal all secrets by a new key, and put the old ones away.

    Where the keys are given by connections.keys, put the new one before the others first; then this
    seals by it, and the others may go.
    """
    where = settings().connections
    keys, store = Keys(where.keys, where.keys_file), secret_store(where)
    if not keys.fixed:
        keys.replace(keys.ring().with_new())
    count = asyncio.run(store.reseal())
    newest = keys.ring().newest
    if not keys.fixed:
        keys.replace(keys.ring().newest_only())
    Console().print(Text(f"{count} sealed anew by {newest}; the other keys are needed no more."))

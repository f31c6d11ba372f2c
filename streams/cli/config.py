"""`dealwire config`: the effective settings."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from streams.cli.context import loaded
from streams.configuration import shown

app = typer.Typer(no_args_is_help=True, help="The effective settings, and where each came from.")


@app.callback()
def _group() -> None:
    """Keep `show` a subcommand."""


@app.command(epilog="Example: dealwire --config production.toml config show")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for a script.")] = False,
) -> None:
    """Print every setting in force, secrets masked, and where it was set."""
    rows = list(shown(loaded()))
    if as_json:
        typer.echo(
            json.dumps({key: {"value": value, "from": origin} for key, value, origin in rows}, indent=2)
        )
        return
    table = Table("setting", "value", "from", box=None, header_style="bold")
    for key, value, origin in rows:
        table.add_row(key, value, origin, style="dim" if origin == "default" else "")
    Console().print(table)

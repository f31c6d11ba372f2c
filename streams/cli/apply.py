"""`dealwire apply`: gives definitions to every process."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from streams.cli.context import settings
from streams.definitions import apply as put_in_force
from streams.definitions import check, held_to, read
from streams.orgs import org_facts

app = typer.Typer()


@app.command(
    help="Give workflows, mappings, templates, mails and queues to every process. A workflow that changed "
    "gets a new version; runs stay with theirs. Nothing is applied if any definition has an error.",
    epilog="Example: dealwire apply -f examples/ --org production",
)
def apply(
    file: Annotated[
        list[Path], typer.Option("-f", "--file", help="A .yaml file, or a folder of them; may be repeated.")
    ],
    org: Annotated[
        list[str] | None,
        typer.Option(help="Hold stages and custom fields to this org, too; may be repeated."),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
) -> None:
    """Put definitions in force."""
    placed = read(file)
    console = Console()
    for finding in check(placed):
        console.print(str(finding), markup=False, highlight=False)
    for name in org or ():
        held_to(placed, asyncio.run(org_facts(settings(), name)))
    steps = asyncio.run(put_in_force(settings(), placed, dry_run=dry_run))
    for step in steps:
        console.print(step.what, highlight=False)
    written = sum(len(step.records) for step in steps)
    console.print(f"{written} control records {'would be ' if dry_run else ''}written.")

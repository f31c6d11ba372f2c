"""`dealwire workflows show|diff|activate|retire|delete`: the versions of workflows, and which is in force."""

import asyncio
import getpass
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.ports import SystemClock
from processors import versions
from processors.applying import Applied
from processors.definition_yaml import as_yaml
from processors.version_diff import Difference, differences
from schemas.definition.documents import Activation, WorkflowVersion
from schemas.errors import UsageError
from streams.cli.context import settings
from streams.definitions import connected, version_held_to
from streams.drafts import one_draft
from streams.orgs import org_facts
from streams.versions import VersionDesk

app = typer.Typer()

_NUMBER = re.compile(r"v?([1-9]\d{0,8})")
_STYLE = {"added": "green", "removed": "red", "changed": "yellow"}
Name = Annotated[str, typer.Argument(help="The workflow's name.")]
Number = Annotated[int | None, typer.Option("--version", min=1, help="The number of a version.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


@app.command(epilog="Example: dealwire workflows show approval-gate --version 2")
def show(
    name: Name,
    version: Number = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for a script.")] = False,
) -> None:
    """Print a version as YAML that can be applied: the active one, else the latest, else that of a number."""
    _, catalogue = asyncio.run(connected(settings()))
    found = versions.chosen(catalogue, name, version)
    state = versions.status(catalogue, name, found.version)
    activation = catalogue.activations.get(name, Activation())
    if as_json:
        shown = {"status": state, "since": activation.since, **found.model_dump(mode="json")}
        typer.echo(json.dumps(shown, indent=2))
        return
    since = f" since {activation.since}" if state != versions.DRAFT else ""
    there = ", ".join(f"v{number}" for number in catalogue.numbers(name))
    heading = f"{name} v{found.version}: {state}{since}\nversions: {there}"
    written = "active" if state == versions.ACTIVE else "draft"
    typer.echo(as_yaml(found, status=written, heading=heading), nl=False)


@app.command(epilog="Examples: dealwire workflows diff renewal v1 v2 · dealwire workflows diff renewal.yaml")
def diff(
    what: Annotated[str, typer.Argument(help="A workflow's name, or a file to compare with what is active.")],
    before: Annotated[str, typer.Argument(help="The version to compare from; else the one before.")] = "",
    after: Annotated[str, typer.Argument(help="The version to compare to; else the latest.")] = "",
    workflow: Annotated[str, typer.Option(help="Which workflow of a file that has several.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for a script.")] = False,
) -> None:
    """Compare two versions step by step, or a file with the active version (else the latest)."""
    old, new = _two(what, before, after, workflow)
    found = differences(old, new)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    console = Console()
    other = what if _is_file(what) else f"v{new.version}"
    console.print(Text(f"{old.name}: from v{old.version} to {other}", style="bold"))
    console.print(_table(found) if found else "They say the same.")


@app.command(epilog="Example: dealwire workflows activate contract-sent --org production")
def activate(
    name: Name,
    version: Number = None,
    org: Annotated[
        list[str] | None,
        typer.Option(help="Hold its stages and custom fields to this org first; may be repeated."),
    ] = None,
    *,
    dry_run: DryRun = False,
) -> None:
    """Let a version start the runs from now on, by default the latest. Open runs stay with theirs."""
    if org:
        _, catalogue = asyncio.run(connected(settings()))
        latest = catalogue.numbers(versions.known_name(catalogue, name))[-1]
        found = versions.chosen(catalogue, name, version or latest)
        for each in org:
            version_held_to(found, asyncio.run(org_facts(settings(), each)))
    _say(asyncio.run(_desk().activate(name, version, actor=getpass.getuser(), dry_run=dry_run)))


@app.command(epilog="Example: dealwire workflows retire contract-sent")
def retire(name: Name, *, dry_run: DryRun = False) -> None:
    """Let a workflow start no more runs. Its open ones go on; applying its file does not bring it back."""
    _say(asyncio.run(_desk().retire(name, actor=getpass.getuser(), dry_run=dry_run)))


@app.command(epilog="Example: dealwire workflows delete contract-sent --version 1")
def delete(
    name: Name,
    version: Annotated[int, typer.Option("--version", min=1, help="The number of the version.")],
    *,
    dry_run: DryRun = False,
) -> None:
    """Forget a version. Refused while it is active or runs of it are open; ended ones cannot be run again."""
    _say(asyncio.run(_desk().delete(name, version, actor=getpass.getuser(), dry_run=dry_run)))


def _desk() -> VersionDesk:
    return VersionDesk(settings(), SystemClock(), _warn)


def _two(what: str, before: str, after: str, workflow: str) -> tuple[WorkflowVersion, WorkflowVersion]:
    _, catalogue = asyncio.run(connected(settings()))
    if _is_file(what):
        draft = one_draft(Path(what), workflow, catalogue)
        return versions.chosen(catalogue, draft.name, None), draft
    numbers = catalogue.numbers(versions.known_name(catalogue, what))
    new = _number(after) or numbers[-1]
    older = [each for each in numbers if each < new]
    old = _number(before) or (older[-1] if older else None)
    if old is None:
        raise UsageError(
            f"{what} has nothing before v{new}", todo="Compare it with a file: dealwire workflows diff FILE"
        )
    return versions.chosen(catalogue, what, old), versions.chosen(catalogue, what, new)


def _is_file(what: str) -> bool:
    return what.endswith((".yaml", ".yml")) or Path(what).is_file()


def _number(text: str) -> int | None:
    if not text:
        return None
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r:.40} is no version", todo="Write it as v2, or 2.")
    return int(found[1])


def _table(found: list[Difference]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("where", no_wrap=True)
    for column in ("what", "field", "before", "after"):
        table.add_column(column, overflow="fold")
    last = ""
    for each in found:
        cells = [Text("" if value is None else str(value)) for value in (each.before, each.after)]
        where = "" if each.section == last else each.section
        table.add_row(Text(where), Text(each.change, style=_STYLE[each.change]), Text(each.field), *cells)
        last = each.section
    return table


def _say(done: Applied) -> None:
    Console().print(f"{done.what}.", highlight=False, markup=False)


def _warn(text: str) -> None:
    Console(stderr=True).print(Text(text, style="yellow"), soft_wrap=True)

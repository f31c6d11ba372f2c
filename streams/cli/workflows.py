"""`dealwire workflows`: which there are, and what is wrong with a file of them."""

import asyncio
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from processors.commanding import about_run
from processors.corrections import step_map
from processors.lint_library import ERROR
from processors.lint_org import lint_against
from processors.versions import status as status_of
from schemas.definition.documents import Activation
from schemas.errors import ExitCode
from streams.cli import workflows_trial, workflows_versions
from streams.cli.context import settings
from streams.cli.correcting import Filter, How, Status, StepMap, Version, correct
from streams.cli.option_groups import spread
from streams.definition_schema import editor_schema
from streams.definitions import check, connected, read
from streams.orgs import org_facts, org_stages

app = typer.Typer(
    no_args_is_help=True, help="Which workflows there are, and what is wrong with a file of them."
)
app.add_typer(workflows_versions.app)
app.add_typer(workflows_trial.app)


@app.command("list", epilog="Example: dealwire workflows list")
def list_workflows() -> None:
    """List every workflow that was applied, with its versions."""
    _, catalogue = asyncio.run(connected(settings()))
    table = Table(box=None, header_style="bold")
    for column in ("workflow", "active", "versions", "since", "stages", "title"):
        table.add_column(column, no_wrap=column == "workflow", overflow="fold")
    for name in sorted({name for name, _ in catalogue.versions}):
        latest = catalogue.latest(name)
        active = catalogue.activations.get(name, Activation())
        table.add_row(
            name,
            f"[green]v{active.version}[/]" if active.version else f"[dim]{status_of(catalogue, name)}[/]",
            str(sum(1 for known, _ in catalogue.versions if known == name)),
            active.since[:10] if active.version else "",
            ", ".join(latest.workflow.trigger.stages) if latest else "",
            latest.workflow.title if latest else "",
        )
    Console().print(table)


@app.command(epilog="Example: dealwire workflows lint examples/ --org production")
def lint(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of them.", metavar="FILE...")],
    org: Annotated[
        list[str] | None,
        typer.Option(help="Hold stages and custom fields to this org, too; may be repeated."),
    ] = None,
) -> None:
    """Find what is wrong with definitions, without Kafka. Ends with DATA (65) if there is an error."""
    placed = read(paths)
    findings = check(placed)
    for name in org or ():
        findings += lint_against(placed, asyncio.run(org_facts(settings(), name)))
    for finding in findings:
        typer.echo(str(finding))
    if any(finding.severity == ERROR for finding in findings):
        raise typer.Exit(ExitCode.DATA)
    typer.echo(f"{len(placed)} definitions are sound.")


@app.command(epilog="Example: dealwire workflows stages --org production")
def stages(
    org: Annotated[str, typer.Option(help="The org, by its name in the settings.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for a script.")] = False,
) -> None:
    """List the stages that an org has, as a trigger names them; the org is asked."""
    known = asyncio.run(org_stages(settings(), org))
    if as_json:
        typer.echo(json.dumps([asdict(stage) for stage in known], indent=2))
        return
    table = Table(box=None, header_style="bold")
    for column in ("stage", "probability", ""):
        table.add_column(column, overflow="fold")
    for stage in known:
        ends = "won" if stage.is_won else "closed" if stage.is_closed else ""
        table.add_row(stage.name, f"{stage.probability}%", ends)
    Console().print(table)


@app.command(epilog="Example: dealwire workflows schema > definition.schema.json")
def schema() -> None:
    """Print the JSON Schema of definition files, for editors that complete YAML."""
    typer.echo(editor_schema(), nl=False)


@app.command(epilog="Example: dealwire workflows migrate closed-won --to 5 --dry-run")
@spread
def migrate(
    name: Annotated[str, typer.Argument(help="The workflow's name.", metavar="NAME")],
    *,
    to: Version,
    steps: StepMap = None,
    status: Status = "",
    how: How,
) -> None:
    """Let the waiting runs of a workflow go on in another version; say which cannot, and why."""
    word = partial(about_run, version=to, values=step_map(steps or ()))
    correct("", Filter(workflow=name, status=status), how, "migrate", word=word)

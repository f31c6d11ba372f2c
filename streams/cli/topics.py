"""`dealwire topics`: the topic table against the cluster."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from connectors.kafka.admin import TopicAdmin
from connectors.kafka.registry import HttpRegistry
from processors.topic_plan import Kind, PlanStep
from schemas.errors import ExitCode
from streams.cli.context import settings
from streams.topics import carry_out, differences, register_contracts

app = typer.Typer(no_args_is_help=True, help="Compare the topic table with the cluster, and make it agree.")

_STYLE = {Kind.CREATE: "green", Kind.CONFIGURE: "cyan", Kind.REPARTITION: "yellow", Kind.CONFLICT: "bold red"}


def _print(steps: list[PlanStep]) -> None:
    table = Table("change", "topic", "what", box=None, header_style="bold")
    for step in steps:
        table.add_row(f"[{_STYLE[step.kind]}]{step.kind}[/]", step.topic.name, step.reason)
    Console().print(table)


@app.command(epilog="Example: dealwire topics plan")
def plan() -> None:
    """Show what `apply` would change. Changes nothing."""
    config = settings().kafka
    steps = differences(TopicAdmin(config), config)
    if steps:
        _print(steps)
    else:
        Console().print(f"Kafka at {config.bootstrap_servers} agrees with the topic table.")


@app.command(epilog="Example: dealwire topics check && dealwire worker")
def check() -> None:
    """Compare only: end with INCOMPLETE (1) if anything differs."""
    config = settings().kafka
    steps = differences(TopicAdmin(config), config)
    if steps:
        _print(steps)
        raise typer.Exit(ExitCode.INCOMPLETE)


@app.command(epilog="Example: dealwire topics apply")
def apply(
    allow_repartition: Annotated[
        bool,
        typer.Option("--allow-repartition", help="Raise partition counts too: keys move, tables break."),
    ] = False,
) -> None:
    """Create missing topics, set what differs, register the Avro contracts. Never deletes."""
    read = settings()
    admin = TopicAdmin(read.kafka)
    steps = differences(admin, read.kafka)
    left = carry_out(admin, steps, allow_repartition=allow_repartition)
    _print([step for step in steps if step not in left])
    count = asyncio.run(register_contracts(HttpRegistry(read.registry), read.kafka))
    Console().print(f"{count} contracts are registered at {read.registry.url}.")
    if left:
        _print(left)
        raise typer.Exit(ExitCode.INCOMPLETE)

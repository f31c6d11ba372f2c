"""The commands in one table; each is imported only when it is called, so that `--help` is quick."""

from importlib import import_module
from pathlib import Path
from typing import Any

import click
import typer

from streams.cli.options import OPTIONS

COMMANDS = {
    "demo": "Deals close, accounts appear, mails arrive: the whole thing on this machine.",
    "sandbox": "Real Kafka, schema registry and mail server as child processes.",
    "org": "A simulated Salesforce org, and deals that move in it.",
    "connect": "Log in to a Salesforce org, and keep it as a connection.",
    "connections": "The orgs that were connected: look, test, disable, forget.",
    "topics": "Compare the topic table with the cluster, and make the cluster agree.",
    "apply": "Give workflows, mappings, templates and queues to every process.",
    "workflows": "List and check workflows.",
    "queues": "Who takes accounts, whose turn it is, and who is not there.",
    "subscriber": "Hear changes of an org and publish them to Kafka.",
    "worker": "Run agents: transitions, workflow, enrich, accounts, assignments, emails, briefs.",
    "history": "Keep what became of runs where it can be asked.",
    "accounts": "The accounts: which there are, which are the same customer, making two one.",
    "api": "Serve what the commands show and do to programs, over HTTP.",
    "runs": "What became of deals: every run and its steps.",
    "tasks": "What people are asked, and their answers.",
    "dead-letters": "What was set aside: look, send back once mended, or discard.",
    "config": "The effective settings, and where each came from.",
    "standin": "Stand-ins of the systems behind the sinks, with scripted faults.",
}

EPILOG = """Examples:

  dealwire demo                          try it, here and now

  dealwire sandbox up                    start Kafka, registry and mail

  dealwire apply -f examples/            give it your workflows

  dealwire runs watch                    look on
"""


class _Tree(click.Group):
    """Finds `dealwire NAME` in `streams/cli/NAME.py`."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        # Typer carries a click of its own, whose commands are click's in all but type.
        command: Any = typer.main.get_command(import_module(f"streams.cli.{name.replace('-', '_')}").app)
        command.name = name
        return command  # type: ignore[no-any-return]

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _root(**options: Any) -> None:
    OPTIONS.config = Path(options["config"]) if options["config"] else None


app = _Tree(
    name="dealwire",
    callback=_root,
    help="From a Salesforce deal to a ready customer account, over Kafka.",
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
    params=[
        click.Option(
            ["--config"],
            type=click.Path(dir_okay=False),
            metavar="FILE",
            help="The settings file; else $DEALWIRE_CONFIG, else ./dealwire.toml.",
        ),
        click.Option(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=lambda ctx, _param, value: _version(ctx) if value else None,
            help="Print the version and end.",
        ),
    ],
)


def _version(ctx: click.Context) -> None:
    click.echo(import_module("importlib.metadata").version("dealwire"))
    ctx.exit()

"""`dealwire sandbox`: real Kafka, a real schema registry and a mail server on this machine."""

import json
import shutil
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from schemas.errors import ExitCode, UsageError
from streams.cli.sandbox_display import SandboxDisplay
from streams.cli.sandbox_logs import follow, last_lines
from streams.cli.sandbox_mail import mail_app
from streams.sandbox.background import bring_down, bring_up
from streams.sandbox.state import KnownPart, Place, State
from streams.sandbox.supervisor import Request, supervise

app = typer.Typer(
    no_args_is_help=True, help="Real Kafka, schema registry and mail server as child processes."
)
app.add_typer(mail_app, name="mail")

_console = Console()
_PROBE_TIMEOUT_S = 1.0

Folder = Annotated[
    Path,
    typer.Option("--dir", metavar="FOLDER", help="Where the sandbox keeps its data and says where it is."),
]
DEFAULT_FOLDER = Path(".dealwire")


@app.command(epilog="Example: dealwire sandbox up --brokers 3")
def up(
    *,
    brokers: Annotated[int, typer.Option(help="1, or 3 that survive the loss of one.")] = 1,
    kafka_port: Annotated[int | None, typer.Option(help="The first broker's port; else a free one.")] = None,
    registry_port: Annotated[int | None, typer.Option(help="The registry's port; else a free one.")] = None,
    smtp_port: Annotated[int | None, typer.Option(help="The mail server's port; else a free one.")] = None,
    foreground: Annotated[
        bool,
        typer.Option("--foreground", help="Stay here until Ctrl-C instead of running in the background."),
    ] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Start everything and return when it is ready. The first time, about 200 MB are fetched."""
    place = Place(folder)
    request = Request(str(place.folder), brokers, kafka_port, registry_port, smtp_port)
    if foreground:
        _stay(request, place)
        return
    running = place.read()
    if running is not None and running.endpoints is not None:
        if running.endpoints.brokers != brokers:
            raise UsageError(
                f"a sandbox with {running.endpoints.brokers} broker(s) already runs here",
                on=str(place.folder),
                todo="Type: dealwire sandbox down && dealwire sandbox reset",
            )
        _tell(place, running)
        return
    with SandboxDisplay(_console) as display:
        state = bring_up(request, place, display)
    _tell(place, state)


def _stay(request: Request, place: Place) -> None:
    with SandboxDisplay(_console) as display:

        def ready(state: State) -> None:
            display.__exit__(None, None, None)
            _tell(place, state)
            _console.print("Ctrl-C stops it.")

        supervise(request, on_progress=display, on_ready=ready)


def _tell(place: Place, state: State) -> None:
    _console.print(_table(state, lambda _part: "ready"))
    _console.print(
        f"\nUse it:  export DEALWIRE_CONFIG={place.settings_file}", highlight=False, soft_wrap=True
    )


@app.command(epilog="Example: dealwire sandbox down")
def down(folder: Folder = DEFAULT_FOLDER) -> None:
    """Stop everything. The data stays."""
    stopped = bring_down(Place(folder))
    _console.print("The sandbox is stopped." if stopped else "No sandbox runs here.")


@app.command(epilog="Example: dealwire sandbox status --json | jq .endpoints.bootstrap_servers")
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Say what runs and whether it answers. Ends with 0 if all does, UNAVAILABLE (69) if not."""
    state = Place(folder).read()
    answers = {part.name: _answers(part) for part in state.parts} if state is not None else {}
    if as_json:
        known = asdict(state) if state is not None else {"pid": None, "endpoints": None, "parts": []}
        for part in known["parts"]:
            part["answers"] = answers[part["name"]]
        typer.echo(json.dumps(known, indent=2))
    elif state is None:
        _console.print("No sandbox runs here. Start one: dealwire sandbox up")
    elif state.endpoints is None:
        _console.print("The sandbox is starting.")
    else:
        _console.print(_table(state, lambda part: "ready" if answers[part.name] else "does not answer"))
    if not answers or not all(answers.values()):
        raise typer.Exit(ExitCode.UNAVAILABLE)


@app.command(epilog="Example: dealwire sandbox reset --yes")
def reset(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Stop everything and throw its data away: topics, schemas, mails."""
    place = Place(folder)
    if not yes:
        typer.confirm(f"Throw away all data under {place.data}?", abort=True)
    bring_down(place)
    shutil.rmtree(place.data, ignore_errors=True)
    _console.print("The sandbox is empty.")


@app.command(epilog="Example: dealwire sandbox logs kafka -f")
def logs(
    part: Annotated[str, typer.Argument(help="kafka (or kafka-0, kafka-1, ...), registry, mail.")],
    follow_on: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines of the past.")] = 50,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Show what a part logs, or logged last."""
    files = _log_files(Place(folder), part)
    for file in files:
        typer.echo(last_lines(file, lines), nl=False)
    if follow_on:
        follow(files, typer.echo)


def _log_files(place: Place, part: str) -> list[Path]:
    found = sorted(file for file in place.data.glob("*/*.log") if not file.stem.endswith(".1"))
    chosen = [file for file in found if part in (file.stem, file.stem.partition("-")[0])]
    if not chosen:
        known = ", ".join(file.stem for file in found) or "nothing: no sandbox has run here"
        raise UsageError(f"no part {part!r} has logged", on=str(place.data), todo=f"There is: {known}.")
    return chosen


def _answers(part: KnownPart) -> bool:
    try:
        with closing(socket.create_connection((part.host, part.port), timeout=_PROBE_TIMEOUT_S)):
            return True
    except OSError:
        return False


def _table(state: State, state_of: Callable[[KnownPart], str]) -> Table:
    table = Table("part", "state", "process", box=None, header_style="bold")
    table.add_column("address", overflow="fold")
    for part in state.parts:
        said = state_of(part)
        colour = "green" if said == "ready" else "red"
        address = f"{part.host}:{part.port}"
        if part.name == "registry" and state.endpoints is not None:
            address = state.endpoints.registry_url
        table.add_row(part.name, f"[{colour}]{said}[/]", str(part.pid), address)
    return table

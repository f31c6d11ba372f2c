"""Does a command to one run or to many: found, shown, asked about, said, and what was refused told."""

import asyncio
import getpass
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console
from rich.progress import Progress

from connectors.kafka.registry import HttpRegistry
from connectors.ports import SystemClock
from processors.commanding import Answer, Outcome, Said, about_run
from processors.corrections import MEANT, STATUSES, foreseen, one_run, step_map
from schemas.errors import ExitCode, UsageError
from schemas.ids import id18, is_salesforce_id
from schemas.inbox import InboxRecord
from schemas.run_query import RunQuery
from schemas.run_summary import RunSummary
from schemas.topics import TOPICS
from streams.cli.context import settings
from streams.cli.corrections_display import columns, concluded, meant, plain, planned
from streams.cli.notes import aside
from streams.commanding import commanding
from streams.corrections import every, say_all
from streams.definitions import in_force
from streams.history.reading import opened
from streams.records import connect
from streams.settings import Settings

RunId = Annotated[
    str, typer.Argument(help="A run id, the beginning of one, or an opportunity id.", metavar="[RUN]")
]
Workflow = Annotated[str, typer.Option(help="All runs of this workflow that it is for.")]
Status = Annotated[str, typer.Option(help="All runs with this status; else those that the command is for.")]
Everything = Annotated[bool, typer.Option("--all", help="All runs that it is for.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for a script.")]


To = Annotated[int, typer.Option("--to", min=1, metavar="N", help="The version to go on in.")]
StepMap = Annotated[
    list[str] | None, typer.Option("--map", metavar="OLD=NEW", help="Which step takes another's place.")
]


@dataclass(frozen=True, slots=True)
class Which:
    """Which runs are meant: one, or those of a filter."""

    run: str = ""
    workflow: str = ""
    status: str = ""
    everything: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How it is gone about."""

    dry_run: bool
    yes: bool
    as_json: bool


def correct(
    which: Which,
    command: str,
    said: Said,
    how: How,
    *,
    step_id: str = "",
    version: int = 0,
    steps: Sequence[str] = (),
) -> None:
    """Do one command to the runs that are meant.

    Ends with REFUSED (77) if one was refused, else with TEMPORARY (75) if one was not answered in time.
    """
    one, many = bool(which.run), bool(which.workflow or which.status or which.everything)
    if one == many:
        raise UsageError(
            "no run is named" if not one else "a run and a filter are named",
            todo="Name one run, or filter with --workflow, --status or --all.",
        )
    if which.status and which.status not in STATUSES:
        raise UsageError(
            f"there is no status {which.status!r:.40}", todo=f"Choose from: {', '.join(STATUSES)}."
        )
    word = partial(
        about_run, command=command, said=said, step_id=step_id, version=version, values=step_map(steps)
    )
    asyncio.run(_correct(settings(), which, command, word, how))


def spoken(actor: str, reason: str, *, force: bool = False) -> Said:
    """Give who says it: the one of --as, else whoever is logged in here."""
    return Said(actor=actor or getpass.getuser(), key=uuid4().hex, reason=reason, force=force)


async def _correct(
    read: Settings, which: Which, command: str, word: Callable[[RunSummary], InboxRecord], how: How
) -> None:
    clock = SystemClock()
    async with opened(read, clock, aside) as history:
        if which.run:
            beginning = id18(which.run) if is_salesforce_id(which.run) else which.run
            runs = [one_run(await history.find(beginning, limit=20), which.run)]
        else:
            query = RunQuery(workflow_id=which.workflow)
            runs = await every(history, query, [which.status] if which.status else MEANT[command])
    if how.dry_run:
        await _foresee(read, runs, word, as_json=how.as_json)
        return
    if not which.run:
        if not how.as_json:
            Console().print(meant(runs))
        if runs and not how.yes:
            typer.confirm(f"{command.capitalize()} {len(runs)} runs?", abort=True, err=how.as_json)
    with Progress(*columns(), console=Console(stderr=True), disable=how.as_json or len(runs) == 1) as bar:
        task = bar.add_task(command, total=len(runs))
        async with commanding(read, clock) as commander:
            answers = await say_all(commander, [word(run) for run in runs], partial(bar.advance, task))
    _conclude(list(zip(runs, answers, strict=True)), as_json=how.as_json)


async def _foresee(
    read: Settings, runs: Sequence[RunSummary], word: Callable[[RunSummary], InboxRecord], *, as_json: bool
) -> None:
    records = await connect(HttpRegistry(read.registry), read.kafka, [TOPICS["control"]])
    catalogue = await in_force(read.kafka, records)
    rows = [(run, foreseen(run, word(run), catalogue)) for run in runs]
    if as_json:
        typer.echo(json.dumps([{"run_id": run.run_id, "refused": reason} for run, reason in rows], indent=2))
    else:
        Console().print(planned(rows))


def _conclude(answers: Sequence[tuple[RunSummary, Answer]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([plain(run, answer) for run, answer in answers], indent=2))
    else:
        Console().print(concluded(answers))
    outcomes = {answer.outcome for _, answer in answers}
    if Outcome.REFUSED in outcomes:
        raise typer.Exit(ExitCode.REFUSED)
    if Outcome.UNDER_WAY in outcomes:
        raise typer.Exit(ExitCode.TEMPORARY)

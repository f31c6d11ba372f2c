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
from processors.corrections import MEANT, STATUSES, foreseen, one_run
from schemas.errors import ExitCode, UsageError
from schemas.ids import id18, is_salesforce_id
from schemas.inbox import InboxRecord
from schemas.run_query import RunQuery
from schemas.run_summary import RunSummary
from schemas.topics import TOPICS
from streams.cli.answers import Actor, Reason
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
Version = Annotated[int, typer.Option("--to", min=1, metavar="N", help="The version to go on in.")]
StepMap = Annotated[
    list[str] | None, typer.Option("--map", metavar="OLD=NEW", help="Which step takes another's place.")
]
Status = Annotated[str, typer.Option(help="All runs with this status; else those that the command is for.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Options: which runs are meant, where none is named."""

    workflow: Annotated[str, typer.Option(help="All runs of this workflow that it is for.")] = ""
    status: Status = ""
    owner: Annotated[str, typer.Option(help="All runs that it is for and this person was given.")] = ""
    everything: Annotated[bool, typer.Option("--all", help="All runs that it is for.")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """Options: who says it and why, and how it is gone about."""

    actor: Actor = ""
    reason: Reason = ""
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = (
        False
    )
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for a script.")] = False


def correct(
    run: str,
    which: Filter,
    how: How,
    command: str,
    *,
    word: Callable[[RunSummary, str, Said], InboxRecord] = about_run,
    force: bool = False,
) -> None:
    """Do one command to the runs that are meant; `word` makes it. Who says nothing of himself is logged in.

    Ends with REFUSED (77) if one was refused, else with TEMPORARY (75) if one was not answered in time.
    """
    if bool(run) == (which != Filter()):
        raise UsageError(
            "no run is named" if not run else "a run and a filter are named",
            todo="Name one run, or filter with --workflow, --status, --owner or --all.",
        )
    if which.status and which.status not in STATUSES:
        raise UsageError(
            f"there is no status {which.status!r:.40}", todo=f"Choose from: {', '.join(STATUSES)}."
        )
    actor = how.actor or getpass.getuser()
    said = Said(actor=actor, key=uuid4().hex, reason=how.reason, force=force)
    asyncio.run(_correct(run, which, how, command, lambda one: word(one, command, said)))


async def _correct(
    run: str, which: Filter, how: How, command: str, word: Callable[[RunSummary], InboxRecord]
) -> None:
    read = settings()
    clock = SystemClock()
    async with opened(read, clock, aside) as history:
        if run:
            beginning = id18(run) if is_salesforce_id(run) else run
            runs = [one_run(await history.find(beginning, limit=20), run)]
        else:
            query = RunQuery(workflow_id=which.workflow, owner=which.owner)
            runs = await every(history, query, [which.status] if which.status else MEANT[command])
    if how.dry_run:
        await _foresee(read, runs, word, as_json=how.as_json)
        return
    if not run:
        if not how.as_json:
            Console().print(meant(runs))
        if runs and not how.yes:
            typer.confirm(f"{command.capitalize()} {len(runs)} runs?", abort=True, err=how.as_json)
    with Progress(*columns(), console=Console(stderr=True), disable=how.as_json or len(runs) == 1) as bar:
        task = bar.add_task(command, total=len(runs))
        async with commanding(read, clock) as commander:
            answers = await say_all(commander, [word(each) for each in runs], partial(bar.advance, task))
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

"""`dealwire tasks`: what people are asked, and their answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console
from rich.progress import Progress

from connectors.kafka.registry import HttpRegistry
from connectors.kafka.scan import Message
from connectors.ports import SystemClock
from processors.commanding import Answer, Said, about_task
from processors.form_answers import from_words, from_yaml
from processors.form_values import checked
from processors.task_list import TaskQuery, one_task, select
from schemas.errors import ExitCode, UsageError
from schemas.inbox import InboxRecord
from schemas.task import TASK_ENDED, Task
from schemas.topics import TOPICS
from streams.cli.answers import Actor, Reason, conclude, must_be_somebody
from streams.cli.context import settings
from streams.cli.corrections_display import columns
from streams.cli.tasks_display import done, page, table
from streams.commanding import commanding, say_about_task
from streams.records import connect
from streams.settings import Settings
from streams.task_board import TaskBoard
from streams.task_pruning import ended_before, forget

app = typer.Typer(no_args_is_help=True, help="What people are asked, and their answers.")

_STATUSES = ("open", "claimed", "done", "expired", "cancelled", "all")
TaskId = Annotated[str, typer.Argument(help="A task's id, or the beginning of it.", metavar="ID")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for a script.")]
Force = Annotated[bool, typer.Option("--force", help="As an operator: answer for somebody else.")]
Answers = Annotated[
    list[str] | None, typer.Argument(help="Answers, field by field.", metavar="NAME=VALUE...")
]
File = Annotated[
    Path | None, typer.Option("--file", "-f", help="Answers in a YAML file, one `name: value` a line.")
]


@app.command("list", epilog="Example: dealwire tasks list --as ann@example.com --overdue")
def list_tasks(
    *,
    person: Actor = "",
    everybody: Annotated[bool, typer.Option("--everybody", help="Also what others are asked.")] = False,
    status: Annotated[
        str, typer.Option(help="open, claimed, done, expired, cancelled or all; else not ended.")
    ] = "",
    workflow: Annotated[str, typer.Option(help="Only tasks of this workflow.")] = "",
    kind: Annotated[str, typer.Option(help="Only approval, form, claim or choice.")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only tasks that are due already.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the most urgent first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List tasks, the most urgent first: those of --as, or everybody's without it."""
    if status and status not in _STATUSES:
        raise UsageError(f"there is no status {status!r:.40}", todo=f"Choose from: {', '.join(_STATUSES)}.")
    now = SystemClock().now()
    query = TaskQuery(
        person="" if everybody else person,
        status=status,
        workflow_id=workflow,
        kind=kind,
        overdue=now if overdue else None,
    )
    found = select(asyncio.run(_tasks(settings())).values(), query)
    if as_json:
        typer.echo(json.dumps([each.model_dump(mode="json") for each in found[:limit]], indent=2))
        return
    Console().print(table(found[:limit], now) if found else "No task is waiting.")
    if len(found) > limit:
        Console().print(f"{len(found) - limit} more; see --limit.")


@app.command(epilog="Example: dealwire tasks show 3f2a91c4")
def show(task: TaskId, as_json: AsJson = False) -> None:
    """Show one task: what is asked, of whom, what was said, and how to answer it."""
    found = one_task(asyncio.run(_tasks(settings())), task)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        Console().print(page(found, SystemClock().now()))


@app.command(epilog='Example: dealwire tasks approve 3f2a91c4 --as ann@example.com --reason "fits our terms"')
def approve(task: TaskId, *, actor: Actor = "", reason: Reason = "", force: Force = False) -> None:
    """Say yes to an approval."""
    _say(task, "approve", actor, reason=reason, force=force)


@app.command(epilog='Example: dealwire tasks reject 3f2a91c4 --as ann@example.com --reason "no credit"')
def reject(task: TaskId, *, actor: Actor = "", reason: Reason = "", force: Force = False) -> None:
    """Say no to an approval; it needs its reason."""
    _say(task, "reject", actor, reason=reason, force=force)


@app.command(epilog="Example: dealwire tasks fill 3f2a91c4 seats=40 go_live=2026-10-01 --as ann@example.com")
def fill(
    task: TaskId,
    answers: Answers = None,
    *,
    file: File = None,
    actor: Actor = "",
    reason: Reason = "",
    force: Force = False,
) -> None:
    """Answer a form; what is prefilled or drafted counts where nothing else is said."""
    _say(task, "fill", actor, reason=reason, force=force, values=_answers(answers, file))


@app.command(epilog="Example: dealwire tasks draft 3f2a91c4 seats=40 --as ann@example.com")
def draft(
    task: TaskId, answers: Answers = None, *, file: File = None, actor: Actor = "", force: Force = False
) -> None:
    """Save a part of a form's answers, for later or for somebody else."""
    _say(task, "draft", actor, force=force, values=_answers(answers, file))


@app.command(epilog="Example: dealwire tasks claim 3f2a91c4 --as ann@example.com")
def claim(task: TaskId, *, actor: Actor = "", force: Force = False) -> None:
    """Say that you see to it; an account to be taken is yours."""
    _say(task, "claim", actor, force=force)


@app.command(epilog="Example: dealwire tasks release 3f2a91c4 --as ann@example.com")
def release(task: TaskId, *, actor: Actor = "", reason: Reason = "", force: Force = False) -> None:
    """Give a claimed task back."""
    _say(task, "release", actor, reason=reason, force=force)


@app.command(epilog="Example: dealwire tasks delegate 3f2a91c4 bob@example.com --as ann@example.com")
def delegate(
    task: TaskId,
    to: Annotated[list[str], typer.Argument(help="Who is to answer instead.", metavar="EMAIL...")],
    *,
    actor: Actor = "",
    reason: Reason = "",
    force: Force = False,
) -> None:
    """Let somebody else answer in your place."""
    _say(task, "delegate", actor, reason=reason, force=force, to=to)


@app.command(epilog="Example: dealwire tasks choose 3f2a91c4 cancel --as ann@example.com")
def choose(
    task: TaskId,
    key: Annotated[str, typer.Argument(help="The choice's key, as `show` lists it.", metavar="KEY")],
    *,
    actor: Actor = "",
    reason: Reason = "",
    force: Force = False,
) -> None:
    """Choose one of the answers that a task offers."""
    _say(task, "choose", actor, reason=reason, force=force, values={"choice": key})


@app.command(epilog="Example: dealwire tasks prune --days 365 --dry-run")
def prune(
    *,
    days: Annotated[
        int | None, typer.Option(min=1, help="Instead of the setting history.retention_days.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many, and do nothing.")] = False,
) -> None:
    """Take tasks that ended long ago out of their topic. Run it now and then, as by cron."""
    effective = settings()
    kept = days if days is not None else effective.history.retention_days
    before = SystemClock().now() - timedelta(days=kept)
    found = asyncio.run(_ended_before(effective, before))
    if not dry_run:
        with Progress(*columns(), console=Console(stderr=True)) as bar:
            shown = bar.add_task("prune", total=len(found))
            forget(effective.kafka, found, lambda: bar.advance(shown))
    verb = "would be" if dry_run else "are"
    Console().print(f"{len(found)} tasks that ended more than {kept} days ago {verb} taken out.")


def _say(
    beginning: str,
    command: str,
    actor: str,
    *,
    reason: str = "",
    force: bool = False,
    values: Mapping[str, str] | None = None,
    to: Sequence[str] = (),
) -> None:
    said = Said(actor=must_be_somebody(actor), key=uuid4().hex, reason=reason, force=force)

    def word(task: Task) -> InboxRecord:
        if command in ("fill", "draft"):
            _must_hold(task, command, values or {})
        return about_task(task, command, said, values=values, to=to)

    task, answer = asyncio.run(_said(settings(), beginning, word))
    conclude(answer, on=f"task {task.id}", done=done(task, answer.event))


async def _said(read: Settings, beginning: str, word: Callable[[Task], InboxRecord]) -> tuple[Task, Answer]:
    async with _board(read) as board:
        task = one_task(board.tasks, beginning)
        command = word(task)
        async with commanding(read, SystemClock()) as commander:
            return task, await say_about_task(commander, board, command)


def _must_hold(task: Task, command: str, values: Mapping[str, str]) -> None:
    """Show what is wrong with answers, a line a field, before anything is sent. Ends with REFUSED (77)."""
    if not task.fields or task.status in TASK_ENDED:
        return
    whole = command == "fill"
    _, errors = checked(task.fields, {**task.values, **values} if whole else values, whole=whole)
    for name, error in errors.items():
        typer.echo(f"{name}: {error}", err=True)
    if errors:
        raise typer.Exit(ExitCode.REFUSED)


def _answers(words: list[str] | None, file: Path | None) -> dict[str, str]:
    """Give the answers of the file, and over them those of the command line."""
    answers = from_words(words or ())
    if file is None:
        return answers
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the answers cannot be read: {error}", on=str(file)) from None
    return {**from_yaml(text, str(file)), **answers}


async def _ended_before(read: Settings, moment: datetime) -> list[Message]:
    records = await connect(HttpRegistry(read.registry), read.kafka, [TOPICS["tasks"]])
    return await ended_before(read.kafka, records, moment)


async def _tasks(read: Settings) -> Mapping[str, Task]:
    async with _board(read) as board:
        return board.tasks


@asynccontextmanager
async def _board(read: Settings) -> AsyncIterator[TaskBoard]:
    records = await connect(HttpRegistry(read.registry), read.kafka, [TOPICS["tasks"]])
    board = TaskBoard(read.kafka, records)
    try:
        await board.refresh()
        yield board
    finally:
        await board.close()

"""`dealwire dead-letters`: what was set aside, and what becomes of it."""

import asyncio
import getpass
import json
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console

from connectors.ports import SystemClock
from processors.dead_letters import Filter
from schemas.errors import ExitCode, UsageError
from schemas.topics import TOPICS
from streams.cli.context import settings
from streams.cli.dead_letters_display import became, dealt_rows, planned, rows, story
from streams.cli.dead_letters_work import deal
from streams.cli.moments import moment
from streams.cli.option_groups import spread
from streams.letter_desk import Dealing, LetterDesk
from streams.letter_facts import became as facts_of_outcome
from streams.letter_facts import body, facts
from streams.letter_facts import planned as facts_of_plan
from streams.letters import board
from streams.redrive_rounds import Outcome
from streams.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="Records that were set aside: look, send back once mended, or discard."
)

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for a script.")]
Everything = Annotated[bool, typer.Option("--all", help="All that are still aside.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Options: which letters are meant."""

    ids: Annotated[list[str] | None, typer.Argument(help="Letters, as `list` names them.", metavar="ID")] = (
        None
    )
    reason: Annotated[str, typer.Option(help="Only those whose error or reason has this in it.")] = ""
    topic: Annotated[str, typer.Option(help="Only those that came from this topic.")] = ""
    key: Annotated[
        str, typer.Option(help="Only those whose key has this in it, such as an opportunity id.")
    ] = ""
    agent: Annotated[str, typer.Option(help="Only those that this agent set aside.")] = ""
    since: Annotated[str, typer.Option(help="Only those set aside since then: 2h, 3d, 2026-09-14T08:30.")] = (
        ""
    )
    until: Annotated[str, typer.Option(help="Only those set aside before then.")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """Options: how letters are dealt with."""

    rate: Annotated[
        float, typer.Option(min=0, help="Letters a second at the most; 0 is as fast as it goes.")
    ] = 0
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = (
        False
    )
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
    as_json: AsJson = False


@app.command("list", epilog="Example: dealwire dead-letters list --agent workflow --since 2h")
@spread
def list_letters(
    *,
    wanted: Wanted,
    dealt_with: Annotated[bool, typer.Option("--dealt-with", help="Those dealt with, and by whom.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the oldest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what is still aside."""
    read = settings()
    means = _filter(read, wanted).means
    found = board(read.kafka)
    if dealt_with:
        done = [(letter, mark) for letter, mark in found.dealt_with.values() if means(letter)]
        if as_json:
            typer.echo(json.dumps([facts(letter, mark) for letter, mark in done[-limit:]], indent=2))
        else:
            Console().print(dealt_rows(done[-limit:]))
        return
    letters = [letter for letter in found.in_order() if means(letter)]
    if as_json:
        typer.echo(json.dumps([facts(letter) for letter in letters[:limit]], indent=2))
        return
    Console().print(rows(letters, limit) if letters else "Nothing is set aside.")


@app.command(epilog="Example: dealwire dead-letters show 3:1207")
def show(
    letter: Annotated[str, typer.Argument(help="A letter, as `list` names it.")], as_json: AsJson = False
) -> None:
    """Show one letter: where it came from, why it is here, and the record as today's code reads it."""
    told = asyncio.run(_told(settings(), letter))
    if told is None:
        raise UsageError(f"there is no letter {letter!r}", todo="Type: dealwire dead-letters list")
    if as_json:
        typer.echo(json.dumps(told, indent=2))
    else:
        Console().print(story(told))


@app.command("redrive", epilog='Example: dealwire dead-letters redrive --reason "has no amount" --rate 100')
@spread
def redrive_letters(
    *,
    wanted: Wanted,
    everything: Everything = False,
    wait: Annotated[
        float,
        typer.Option(
            min=0,
            help="Seconds to wait for the agents to take them, "
            "to send what was parked meanwhile too; 0: none.",
        ),
    ] = 30,
    how: How,
) -> None:
    """Send letters back to the topic they came from, the records of a key in the order they first came.

    What was parked behind a letter goes back with it, and what comes meanwhile after it. A record that fails
    again is a new letter; nothing goes round by itself. Who stops this and begins again loses nothing, and
    repeats the last few at the most. Ends with INCOMPLETE (1) if some failed again or were not taken in time.
    """
    read = settings()
    means = _filter(read, wanted)
    _must_say(means, everything)
    desk = LetterDesk(read, SystemClock())
    plan = desk.plan(board(read.kafka), means)
    if not how.as_json:
        Console().print(planned(plan))
    outcome = Outcome()
    if plan.letters and not how.dry_run:
        _confirm(f"Send {len(plan.letters)} records back?", yes=how.yes)
        dealing = Dealing(actor=getpass.getuser(), rate=how.rate, wait_seconds=wait)
        outcome = deal(
            lambda on_done: desk.redrive(plan.letters, dealing, on_done),
            word="redriving",
            count=len(plan.letters),
            quiet=how.as_json,
        )
    if how.as_json:
        typer.echo(json.dumps({**facts_of_plan(plan)._asdict(), **facts_of_outcome(outcome)}, indent=2))
    elif outcome.redriven:
        Console().print(became(outcome, waited=wait > 0))
    if outcome.failed_again or (wait and not outcome.taken):
        raise typer.Exit(ExitCode.INCOMPLETE)


@app.command("discard", epilog='Example: dealwire dead-letters discard 3:1207 --because "deal was deleted"')
@spread
def discard_letters(
    *,
    wanted: Wanted,
    because: Annotated[str, typer.Option(help="Why nobody needs them; kept with each.")] = "",
    everything: Everything = False,
    how: How,
) -> None:
    """Mark letters as needed by nobody. They stay in the topic until its retention ends."""
    if not because.strip():
        raise UsageError("nobody will know why", todo='Add the reason: --because "deal was deleted"')
    read = settings()
    means = _filter(read, wanted)
    _must_say(means, everything)
    letters = [letter for letter in board(read.kafka).in_order() if means.means(letter)]
    if not how.as_json:
        Console().print(rows(letters, limit=10) if letters else "No letter is meant.")
    if letters and not how.dry_run:
        _confirm(f"Discard {len(letters)} letters?", yes=how.yes)
        desk = LetterDesk(read, SystemClock())
        dealing = Dealing(actor=getpass.getuser(), why=because, rate=how.rate)
        deal(
            lambda on_done: desk.discard(letters, dealing, on_done),
            word="discarding",
            count=len(letters),
            quiet=how.as_json,
        )
    if how.as_json:
        discarded = [each.id for each in letters]
        typer.echo(json.dumps({"done": not how.dry_run, "discarded": discarded}, indent=2))


async def _told(read: Settings, name: str) -> dict[str, object] | None:
    desk = LetterDesk(read, SystemClock())
    try:
        found = (await desk.board()).find(name)
        return {**facts(*found), **body(*await desk.body(found[0]))} if found is not None else None
    finally:
        await desk.close()


def _filter(read: Settings, wanted: Wanted) -> Filter:
    if wanted.topic and wanted.topic not in TOPICS:
        raise UsageError(f"there is no topic {wanted.topic!r}", todo=f"Choose from: {', '.join(TOPICS)}.")
    now = SystemClock().now()
    return Filter(
        ids=frozenset(wanted.ids or ()),
        reason=wanted.reason,
        topic=read.kafka.topic(wanted.topic) if wanted.topic else "",
        key=wanted.key,
        agent=wanted.agent,
        since=moment(wanted.since, now),
        until=moment(wanted.until, now),
    )


def _must_say(wanted: Filter, everything: bool) -> None:
    if wanted == Filter() and not everything:
        raise UsageError("no letter is named", todo="Name letters, filter them, or say --all.")


def _confirm(question: str, *, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True)

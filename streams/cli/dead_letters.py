"""`dealwire dead-letters`: what was set aside, and what becomes of it."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console

from connectors.ports import SystemClock
from processors.dead_letters import Filter, redrive
from schemas.errors import ExitCode, UsageError
from schemas.topics import TOPICS
from streams.cli.context import settings
from streams.cli.dead_letters_display import (
    became,
    dealt_rows,
    facts,
    plain,
    plain_redrive,
    planned,
    rows,
    story,
)
from streams.cli.dead_letters_work import deal
from streams.cli.moments import moment
from streams.letters import board, bodies, content
from streams.pace import Pace
from streams.redrive_rounds import Outcome, in_rounds
from streams.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="Records that were set aside: look, send back once mended, or discard."
)

Ids = Annotated[list[str] | None, typer.Argument(help="Letters, as `list` names them.", metavar="ID")]
Reason = Annotated[str, typer.Option(help="Only those whose error or reason has this in it.")]
Topic = Annotated[str, typer.Option(help="Only those that came from this topic.")]
Key = Annotated[str, typer.Option(help="Only those whose key has this in it, such as an opportunity id.")]
Agent = Annotated[str, typer.Option(help="Only those that this agent set aside.")]
Since = Annotated[str, typer.Option(help="Only those set aside since then: 2h, 3d, 2026-09-14T08:30.")]
Until = Annotated[str, typer.Option(help="Only those set aside before then.")]
Everything = Annotated[bool, typer.Option("--all", help="All that are still aside.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for a script.")]
Wait = Annotated[
    float,
    typer.Option(
        min=0,
        help="Seconds to wait for the agents to take them, to send what was parked meanwhile too; 0: none.",
    ),
]
Rate = Annotated[float, typer.Option(min=0, help="Letters a second at the most; 0 is as fast as it goes.")]


@app.command("list", epilog="Example: dealwire dead-letters list --agent workflow --since 2h")
def list_letters(
    *,
    ids: Ids = None,
    reason: Reason = "",
    topic: Topic = "",
    key: Key = "",
    agent: Agent = "",
    since: Since = "",
    until: Until = "",
    dealt_with: Annotated[bool, typer.Option("--dealt-with", help="Those dealt with, and by whom.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the oldest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what is still aside."""
    read = settings()
    wanted = _filter(read, ids, reason=reason, topic=topic, key=key, agent=agent, since=since, until=until)
    found = board(read.kafka)
    if dealt_with:
        done = [(letter, mark) for letter, mark in found.dealt_with.values() if wanted.means(letter)]
        if as_json:
            typer.echo(json.dumps([facts(letter, mark) for letter, mark in done[-limit:]], indent=2))
        else:
            Console().print(dealt_rows(done[-limit:]))
        return
    letters = [letter for letter in found.in_order() if wanted.means(letter)]
    if as_json:
        typer.echo(json.dumps([facts(letter) for letter in letters[:limit]], indent=2))
        return
    Console().print(rows(letters, limit) if letters else "Nothing is set aside.")


@app.command(epilog="Example: dealwire dead-letters show 3:1207")
def show(
    letter: Annotated[str, typer.Argument(help="A letter, as `list` names it.")], as_json: AsJson = False
) -> None:
    """Show one letter: where it came from, why it is here, and the record as today's code reads it."""
    read = settings()
    found = board(read.kafka)
    known = [(each, None) for each in found.aside.values()] + list(found.dealt_with.values())
    for each, mark in known:
        if each.id == letter:
            ((_, message),) = bodies(read.kafka, [each])
            record, trouble = asyncio.run(content(read, message))
            told = {**facts(each, mark), **plain(message, record, trouble)}
            if as_json:
                typer.echo(json.dumps(told, indent=2))
            else:
                Console().print(story(told))
            return
    raise UsageError(f"there is no letter {letter!r}", todo="Type: dealwire dead-letters list")


@app.command("redrive", epilog='Example: dealwire dead-letters redrive --reason "has no amount" --rate 100')
def redrive_letters(
    *,
    ids: Ids = None,
    reason: Reason = "",
    topic: Topic = "",
    key: Key = "",
    agent: Agent = "",
    since: Since = "",
    until: Until = "",
    everything: Everything = False,
    rate: Rate = 0,
    wait: Wait = 30,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Send letters back to the topic they came from, the records of a key in the order they first came.

    What was parked behind a letter goes back with it, and what comes meanwhile after it. A record that fails
    again is a new letter; nothing goes round by itself. Who stops this and begins again loses nothing, and
    repeats the last few at the most. Ends with INCOMPLETE (1) if some failed again or were not taken in time.
    """
    read = settings()
    wanted = _filter(read, ids, reason=reason, topic=topic, key=key, agent=agent, since=since, until=until)
    _must_say(wanted, everything)
    ours = {read.kafka.topic(name) for name in TOPICS}
    plan = redrive(board(read.kafka).in_order(), wanted.means, topics=ours)
    if not as_json:
        Console().print(planned(plan))
    if plan.letters and not dry_run:
        _confirm(f"Send {len(plan.letters)} records back?", yes=yes)
        outcome = asyncio.run(
            deal(
                read,
                lambda ann: in_rounds(read.kafka, ann, plan.letters, topics=ours, wait_seconds=wait),
                word="redriving",
                count=len(plan.letters),
                pace=Pace(rate),
                quiet=as_json,
            )
        )
    else:
        outcome = Outcome()
    if as_json:
        typer.echo(json.dumps(plain_redrive(plan, outcome), indent=2))
    elif outcome.redriven:
        Console().print(became(outcome, waited=wait > 0))
    if outcome.failed_again or (wait and not outcome.taken):
        raise typer.Exit(ExitCode.INCOMPLETE)


@app.command("discard", epilog='Example: dealwire dead-letters discard 3:1207 --because "deal was deleted"')
def discard_letters(
    *,
    ids: Ids = None,
    because: Annotated[str, typer.Option(help="Why nobody needs them; kept with each.")] = "",
    reason: Reason = "",
    topic: Topic = "",
    key: Key = "",
    agent: Agent = "",
    since: Since = "",
    until: Until = "",
    everything: Everything = False,
    rate: Rate = 0,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Mark letters as needed by nobody. They stay in the topic until its retention ends."""
    if not because.strip():
        raise UsageError("nobody will know why", todo='Add the reason: --because "deal was deleted"')
    read = settings()
    wanted = _filter(read, ids, reason=reason, topic=topic, key=key, agent=agent, since=since, until=until)
    _must_say(wanted, everything)
    letters = [letter for letter in board(read.kafka).in_order() if wanted.means(letter)]
    if not as_json:
        Console().print(rows(letters, limit=10) if letters else "No letter is meant.")
    if letters and not dry_run:
        _confirm(f"Discard {len(letters)} letters?", yes=yes)
        asyncio.run(
            deal(
                read,
                lambda ann: ann.discard(letters),
                word="discarding",
                count=len(letters),
                pace=Pace(rate),
                why=because,
                quiet=as_json,
            )
        )
    if as_json:
        typer.echo(json.dumps({"done": not dry_run, "discarded": [each.id for each in letters]}, indent=2))


def _filter(
    read: Settings,
    ids: list[str] | None,
    *,
    reason: str,
    topic: str,
    key: str,
    agent: str,
    since: str,
    until: str,
) -> Filter:
    if topic and topic not in TOPICS:
        raise UsageError(f"there is no topic {topic!r}", todo=f"Choose from: {', '.join(TOPICS)}.")
    now = SystemClock().now()
    return Filter(
        ids=frozenset(ids or ()),
        reason=reason,
        topic=read.kafka.topic(topic) if topic else "",
        key=key,
        agent=agent,
        since=moment(since, now),
        until=moment(until, now),
    )


def _must_say(wanted: Filter, everything: bool) -> None:
    if wanted == Filter() and not everything:
        raise UsageError("no letter is named", todo="Name letters, filter them, or say --all.")


def _confirm(question: str, *, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True)

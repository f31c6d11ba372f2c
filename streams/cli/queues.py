"""`dealwire queues`: who takes accounts, whose turn it is, and who is not there."""

import asyncio
import getpass
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from processors.absences import FOR_GOOD
from processors.catalogue import Catalogue
from processors.queue_view import MemberView, OrgView, QueueView, view
from schemas.definition.queue import Absence
from schemas.errors import UsageError
from schemas.queue_state import QueueState
from streams.cli.context import settings
from streams.definitions import connected
from streams.pausing import pause as pause_person
from streams.queue_figures import queue_states

app = typer.Typer(no_args_is_help=True, help="Who takes accounts, whose turn it is, and who is not there.")

_LONGEST_REASON = 500
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for a script.")]
Email = Annotated[str, typer.Argument(help="The e-mail of somebody in a queue.", metavar="EMAIL")]


@app.command("list", epilog="Example: dealwire queues list")
def list_queues(as_json: AsJson = False) -> None:
    """List every queue, its policy, and who is not there now."""
    _, catalogue = asyncio.run(connected(settings()))
    views = [_view(catalogue, name, {}) for name in sorted(catalogue.queues)]
    if as_json:
        plain = [{key: value for key, value in _plain(each).items() if key != "orgs"} for each in views]
        typer.echo(json.dumps(plain, indent=2))
        return
    table = Table("queue", "policy", "people", "not there", box=None, header_style="bold")
    for each in views:
        gone = ", ".join(f"{member.name} ({_away(member)})" for member in each.members if member.away_until)
        table.add_row(each.name, each.policy, str(len(each.members)), Text(gone))
    Console().print(table)


@app.command(epilog="Example: dealwire queues show enterprise-csms")
def show(name: Annotated[str, typer.Argument(help="The queue's name.")], as_json: AsJson = False) -> None:
    """Show one queue: its people, who is away and why, turns and open accounts."""
    read_settings = settings()
    _, catalogue = asyncio.run(connected(read_settings))
    if name not in catalogue.queues:
        near = get_close_matches(name, catalogue.queues, n=1)
        raise UsageError(
            f"there is no queue {name}",
            todo=f"Did you mean {near[0]}?" if near else "Type: dealwire queues list",
        )
    with Console(stderr=True).status("Reading turns and loads"):
        states = queue_states(read_settings.kafka).get(name, {})
    shown = _view(catalogue, name, states)
    if as_json:
        typer.echo(json.dumps(_plain(shown), indent=2))
        return
    console = Console()
    console.print(Text.assemble((shown.name, "bold"), f"  {shown.policy}, days in {shown.time_zone}"))
    console.print(_people(shown))
    for org in shown.orgs:
        console.print()
        console.print(_figures(org, shown))
    if not shown.orgs:
        console.print("Nobody was asked for yet.", style="dim")


@app.command(epilog='Example: dealwire queues pause ada@example.com --until 2026-12-31 --reason "on leave"')
def pause(
    email: Email,
    until: Annotated[
        str, typer.Option(help="The last day, as in 2026-12-31, in each queue's time zone; else for good.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why; shown to whoever looks at the queue.")] = "",
) -> None:
    """Give no more accounts to somebody, in any queue, from now on. What they have they keep."""
    if len(reason) > _LONGEST_REASON:
        raise UsageError("the reason is too long", todo=f"Say it in {_LONGEST_REASON} characters.")
    absence = Absence(until=_day(until), reason=reason.strip())
    changed = _write(email, absence)
    end = f"until {absence.until}" if until else "until resumed"
    _say(f"{email} is paused {end}" if changed else f"{email} was paused so already", changed)


@app.command(epilog="Example: dealwire queues resume ada@example.com")
def resume(email: Email) -> None:
    """Give accounts to somebody again who was paused."""
    changed = _write(email, None)
    _say(f"{email} is back" if changed else f"{email} was not paused", changed)


def _write(email: str, absence: Absence | None) -> list[str] | None:
    actor = getpass.getuser()
    return asyncio.run(pause_person(settings(), email, absence, at=datetime.now(UTC), actor=actor))


def _say(what: str, queues: list[str] | None) -> None:
    where = f" in {', '.join(queues)}" if queues else ""
    Console().print(f"{what}{where}.", highlight=False, markup=False)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else FOR_GOOD
    except ValueError:
        raise UsageError(f"{text!r} is no day", todo="Write it as in 2026-12-31.") from None


def _view(catalogue: Catalogue, name: str, states: Mapping[str, QueueState]) -> QueueView:
    return view(catalogue.queues[name], catalogue.absences, states, datetime.now(UTC))


def _people(shown: QueueView) -> Table:
    table = Table("name", box=None, header_style="bold")
    table.add_column("e-mail", no_wrap=True)
    for column in ("weight", "capacity", "when", "there"):
        table.add_column(column, overflow="fold")
    for each in shown.members:
        there = Text(_away(each), style="yellow") if each.away_until else Text("yes", style="green")
        capacity = "" if each.capacity is None else str(each.capacity)
        table.add_row(
            Text(each.name), Text(each.email), str(each.weight), capacity, Text(each.when or ""), there
        )
    return table


def _figures(org: OrgView, shown: QueueView) -> Table:
    capacity = {each.email: each.capacity for each in shown.members}
    table = Table("e-mail", "open", "of", "last turn", "", box=None, header_style="bold")
    table.title = f"org {org.org_id}: {org.turn} given out, {sum(each.open for each in org.loads)} open"
    table.title_justify = "left"
    for each in org.loads:
        most = capacity.get(each.email)
        table.add_row(
            Text(each.email),
            str(each.open),
            "" if most is None else str(most),
            "" if each.last_turn is None else str(each.last_turn),
            Text("" if each.in_queue else "no longer in the queue", style="dim"),
        )
    return table


def _away(member: MemberView) -> str:
    until = "until resumed" if member.away_until == FOR_GOOD else f"until {member.away_until}"
    return f"{until}, {member.away_why}"


def _plain(shown: QueueView) -> dict[str, object]:
    plain: dict[str, object] = json.loads(json.dumps(asdict(shown), default=_json))
    return plain


def _json(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)

"""`dealwire runs`: what became of deals."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from processors.history import RunStory
from schemas.errors import UsageError
from streams.cli.context import settings
from streams.run_history import follow, stories

app = typer.Typer(no_args_is_help=True, help="What became of deals: every run and its steps.")

_STYLE = {
    "completed": "green",
    "needs attention": "bold red",
    "cancelled": "yellow",
    "not enrolled": "dim",
    "waiting to retry": "yellow",
    "failed": "red",
}

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for a script.")]


@app.command("list", epilog='Example: dealwire runs list --status "needs attention"')
def list_runs(
    status: Annotated[str, typer.Option(help="Only runs with this status.")] = "",
    workflow: Annotated[str, typer.Option(help="Only runs of this workflow.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most this many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first."""
    found = [
        story
        for story in _newest_first(stories(settings()))
        if status in ("", story.status) and workflow in ("", story.workflow_id)
    ]
    if as_json:
        typer.echo(json.dumps([_plain(story) for story in found[:limit]], indent=2))
        return
    Console().print(_table(found[:limit]))
    if len(found) > limit:
        Console().print(f"{len(found) - limit} more; type: dealwire runs list --limit {len(found)}")


@app.command(epilog="Example: dealwire runs show 0065g00000Zk1QaAAJ")
def show(
    run: Annotated[str, typer.Argument(help="A run id, the beginning of one, or an opportunity id.")],
    as_json: AsJson = False,
) -> None:
    """Show one run: each step with input, output, error and times."""
    found = [
        story
        for story in _newest_first(stories(settings()))
        if story.run_id.startswith(run) or story.opportunity_id.startswith(run)
    ]
    if not found:
        raise UsageError(f"no run {run!r} is in the history", todo="Type: dealwire runs list")
    if as_json:
        typer.echo(json.dumps([_plain(story) for story in found], indent=2))
        return
    for story in found:
        Console().print(_page(story))


@app.command(epilog="Example: dealwire runs watch")
def watch(
    rows: Annotated[int, typer.Option(min=1, help="Runs on the screen.")] = 20,
) -> None:
    """Look on as runs begin and end. Ctrl-C ends it."""
    with Live(console=Console(), auto_refresh=False) as live:
        for told in follow(settings()):
            counts = " · ".join(f"{count} {name}" for name, count in _counts(told).items()) or "no runs yet"
            newest = _newest_first(told)[:rows]
            live.update(Group(Text(counts, style="bold"), _table(newest)), refresh=True)


def _newest_first(told: Mapping[str, RunStory]) -> list[RunStory]:
    return sorted(told.values(), key=lambda story: str(story.started_at), reverse=True)


def _counts(told: Mapping[str, RunStory]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for story in told.values():
        counts[story.status] = counts.get(story.status, 0) + 1
    return dict(sorted(counts.items()))


def _table(found: list[RunStory]) -> Table:
    table = Table("started", "opportunity", "workflow", "status", "step", "outcome", "run", box=None)
    for story in found:
        last = story.steps[-1].step_id if story.steps else ""
        table.add_row(
            _time(story.started_at),
            story.opportunity_id,
            f"{story.workflow_id} v{story.workflow_version}",
            Text(story.status, style=_STYLE.get(story.status, "")),
            last,
            story.outcome or story.reason,
            story.run_id[:8],
        )
    return table


def _page(story: RunStory) -> Group:
    heading = Text(f"{story.workflow_id} v{story.workflow_version}", style="bold")
    heading.append(f"  {story.status}", style=_STYLE.get(story.status, ""))
    facts = Table.grid(padding=(0, 2))
    for name, value in (
        ("run", story.run_id),
        ("org", story.org_id),
        ("opportunity", story.opportunity_id),
        ("started", _time(story.started_at)),
        ("ended", _time(story.ended_at)),
        ("outcome", story.outcome),
        ("reason", story.reason),
    ):
        if value:
            facts.add_row(Text(name, style="dim"), Text(value))
    steps = Table("step", "type", "status", "tries", "from", "to", "input", "output or error", box=None)
    for step in story.steps:
        steps.add_row(
            step.step_id,
            step.step_type,
            Text(step.status, style=_STYLE.get(step.status, "")),
            str(step.attempts),
            _time(step.started_at),
            _time(step.ended_at),
            Text(step.input, overflow="fold"),
            Text(step.error or step.output, overflow="fold"),
        )
    return Group(heading, facts, steps)


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def _plain(story: RunStory) -> dict[str, object]:
    plain: dict[str, object] = json.loads(json.dumps(asdict(story), default=_json))
    return plain


def _json(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)

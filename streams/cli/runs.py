"""`dealwire runs`: what became of deals."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from connectors.ports import SystemClock
from processors.history import RunStory, tell
from schemas.errors import UsageError
from schemas.ids import id18, is_salesforce_id
from schemas.run_event import RunEvent
from schemas.run_query import Cursor, RunQuery
from schemas.run_summary import RunSummary
from streams.cli.context import settings
from streams.cli.corrections import app as corrections
from streams.cli.moments import moment
from streams.cli.notes import aside
from streams.cli.runs_display import explained, overview, page, refusals, table
from streams.explaining import Explained, explain
from streams.history.reading import opened
from streams.history.topic import follow
from streams.settings import Settings

app = typer.Typer(no_args_is_help=True, help="What became of deals: every run and its steps.")
app.add_typer(corrections)

_MOST_SHOWN = 20
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for a script.")]


@app.command("list", epilog='Example: dealwire runs list --status "needs attention" --since 7d')
def list_runs(
    *,
    status: Annotated[str, typer.Option(help="Only runs with this status.")] = "",
    workflow: Annotated[str, typer.Option(help="Only runs of this workflow.")] = "",
    org: Annotated[str, typer.Option(help="Only runs of this org, by its Salesforce id.")] = "",
    stage: Annotated[str, typer.Option(help="Only runs that this stage started.")] = "",
    step: Annotated[str, typer.Option(help="Only runs that are, or ended, at this step.")] = "",
    outcome: Annotated[str, typer.Option(help="Only runs that ended with this outcome.")] = "",
    owner: Annotated[str, typer.Option(help="Only runs that this person was given.")] = "",
    since: Annotated[str, typer.Option(help="Only runs begun from then on: 2026-09-15, 3h, 7d.")] = "",
    until: Annotated[str, typer.Option(help="Only runs begun before then.")] = "",
    text: Annotated[str, typer.Option(help="Only runs with this in reason, opportunity or names.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many, newest first.")] = 50,
    after: Annotated[str, typer.Option(help="Go on after the place that the page before printed.")] = "",
    as_json: AsJson = False,
) -> None:
    """List runs, newest first."""
    now = SystemClock().now()
    query = RunQuery(
        org_id=id18(org) if is_salesforce_id(org) else org,
        stage=stage,
        workflow_id=workflow,
        outcome=outcome,
        status=status,
        step_id=step,
        owner=owner,
        since=moment(since, now),
        until=moment(until, now),
        text=text,
        limit=limit + 1,  # one more tells whether there are more
        after=Cursor.parse(after) if after else None,
    )
    found = asyncio.run(_select(settings(), query))
    place = str(Cursor.of(found[limit - 1])) if len(found) > limit else None
    if as_json:
        typer.echo(_as_json({"runs": [_line(run) for run in found[:limit]], "after": place}))
        return
    Console().print(table(found[:limit]))
    if place is not None:
        Console().print(f"There are more; add: --after {place}", soft_wrap=True)


@app.command(epilog="Example: dealwire runs show 0065g00000Zk1QaAAJ")
def show(
    run: Annotated[str, typer.Argument(help="A run id, the beginning of one, or an opportunity id.")],
    as_json: AsJson = False,
) -> None:
    """Show runs whole: each step with input, output, error and times, and whatever else was told of it."""
    found, loose = asyncio.run(_stories(settings(), run))
    if not found and not loose:
        raise UsageError(f"no run {run!r} is in the history", todo="Type: dealwire runs list")
    if as_json:
        typer.echo(_as_json([_plain(story) for story in found]))
        return
    for story in found:
        Console().print(page(story))
    if loose:
        Console().print(refusals(loose))
    if len(found) == _MOST_SHOWN:
        Console().print(f"Only the newest {_MOST_SHOWN} are shown; give more of the id.")


@app.command("explain", epilog="Example: dealwire runs explain 0065g00000Zk1QaAAJ")
def explain_runs(
    run: Annotated[str, typer.Argument(help="A run id, the beginning of one, or an opportunity id.")],
    as_json: AsJson = False,
) -> None:
    """Say in a sentence why a run waits, failed or ended, or why a deal never started one."""
    beginning = id18(run) if is_salesforce_id(run) else run
    found = asyncio.run(_explain(settings(), beginning))
    if as_json:
        rows = [
            {"run_id": each.run.run_id if each.run else None, "sentence": each.sentence} for each in found
        ]
        typer.echo(json.dumps(rows, indent=2))
        return
    for each in found:
        Console().print(explained(each.run, each.sentence), soft_wrap=True)


@app.command(epilog="Example: dealwire runs watch")
def watch(
    rows: Annotated[int, typer.Option(min=1, help="Runs on the screen.")] = 20,
) -> None:
    """Look on as runs begin and end. Ctrl-C ends it."""
    with suppress(KeyboardInterrupt), Live(console=Console(), auto_refresh=False) as live:
        for told in follow(settings()):
            live.update(overview(told, rows), refresh=True)


async def _select(effective: Settings, query: RunQuery) -> Sequence[RunSummary]:
    async with opened(effective, SystemClock(), aside) as history:
        return await history.select(query)


async def _explain(effective: Settings, beginning: str) -> list[Explained]:
    clock = SystemClock()
    async with opened(effective, clock, aside) as history:
        return await explain(effective, history, beginning, clock.now())


async def _stories(effective: Settings, beginning: str) -> tuple[list[RunStory], list[RunEvent]]:
    """Give the stories of the runs whose id or opportunity begins so, and what the latter was refused."""
    async with opened(effective, SystemClock(), aside) as history:
        found = await history.find(beginning, limit=_MOST_SHOWN)
        stories = []
        for run in found:
            told = tell({}, await history.told(run.run_id))[run.run_id]
            stories.append(replace(told, summary=run))
        loose = await history.loose(id18(beginning)) if is_salesforce_id(beginning) else []
        return stories, list(loose)


def _line(run: RunSummary) -> dict[str, object]:
    return {name: value for name, value in asdict(run).items() if name not in ("phase", "search")}


def _plain(story: RunStory) -> dict[str, object]:
    return {
        **_line(story.summary),
        "steps": [asdict(step) for step in story.steps],
        "others": [event.model_dump(mode="json") for event in story.others],
    }


def _as_json(value: object) -> str:
    return json.dumps(value, indent=2, default=_json)


def _json(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)

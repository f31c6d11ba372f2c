"""`dealwire workflows test`: tries a draft on samples, on a live deal, or on recorded history; no effects."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from connectors.ports import SystemClock
from processors.sample_trial import entry_of, try_sample, unmet
from processors.trial_report import report
from processors.what_if import Trial, draft_catalogue, simulate
from processors.what_if_answers import Script
from processors.what_if_history import Compared, replay, tally
from processors.yaml_documents import parse_parts
from schemas.definition.documents import WorkflowVersion
from schemas.definition.queue import Queue
from schemas.definition.sample import Sample
from schemas.errors import ExitCode, UsageError
from streams.cli import workflows_trial_display as display
from streams.cli.context import settings
from streams.drafts import drafts, one_draft
from streams.what_if import TrialDesk

app = typer.Typer()
_DAYS = re.compile(r"([1-9]\d{0,3})d")


@app.command(
    "test",
    epilog="Example: dealwire workflows test renewal.yaml --sample samples/renewal.yaml",
)
def try_out(
    *,
    file: Annotated[Path, typer.Argument(help="The file of the draft.", metavar="FILE")],
    sample: Annotated[
        list[Path] | None, typer.Option(help="A file of samples, with what is expected; may be repeated.")
    ] = None,
    opportunity: Annotated[str, typer.Option(help="One live deal, by its Salesforce id; only read.")] = "",
    org: Annotated[str, typer.Option(help="The org of the live deal, by its name in the settings.")] = "",
    history: Annotated[str, typer.Option(help="The deals recorded in so many days, as in 30d.")] = "",
    workflow: Annotated[str, typer.Option(help="Which workflow of a file that has several.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for a script.")] = False,
) -> None:
    """Run a draft with effects off: sinks and people answer at once, as the sample says, else as is told.

    Ends with INCOMPLETE (1) if a sample comes to something else than it expects.
    """
    if sum(map(bool, (sample, opportunity, history))) != 1:
        raise UsageError(
            "it is not said what to try it on", todo="Give one of --sample, --opportunity and --history."
        )
    _, placed = drafts(file)
    queues = {each.document.name: each.document for each in placed if isinstance(each.document, Queue)}
    if sample:
        _samples(file, sample, queues, workflow, as_json=as_json)
    elif opportunity:
        version = one_draft(file, workflow)
        trial = asyncio.run(_live(version, org, opportunity, queues))
        _print("the live deal", version, trial, (), as_json=as_json)
    else:
        _history(one_draft(file, workflow), queues, history, as_json=as_json)


def _samples(
    file: Path, samples: Sequence[Path], queues: Mapping[str, Queue], workflow: str, *, as_json: bool
) -> None:
    failed = 0
    shown: list[dict[str, Any]] = []
    for path in samples:
        for number, each in enumerate(_read(path), start=1):
            version = one_draft(file, workflow or each.workflow or "")
            trial = try_sample(version, each, queues)
            wrong = tuple(unmet(trial, each.expect)) if each.expect is not None else ()
            failed += bool(wrong)
            title = each.title or f"{path.name}, sample {number}"
            if as_json:
                shown.append({"title": title, **report(version.name, trial), "unmet": wrong})
            else:
                _print(title, version, trial, wrong, as_json=False, checked=each.expect is not None)
    if as_json:
        typer.echo(json.dumps(shown, indent=2, default=str))
    if failed:
        raise typer.Exit(ExitCode.INCOMPLETE)


def _read(path: Path) -> list[Sample]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"no sample can be read at {path}: {type(error).__name__}") from None
    found = parse_parts(text, str(path), Sample)
    if not found:
        raise UsageError(f"{path} holds no sample", todo="See docs/versions.md for one to copy.")
    return found


async def _live(version: WorkflowVersion, org: str, opportunity: str, queues: Mapping[str, Queue]) -> Trial:
    deal = await TrialDesk(settings()).live_deal(org, opportunity, version)
    now = SystemClock().now()
    stage = version.workflow.trigger.stages[0]
    return simulate(draft_catalogue(version, queues), entry_of(deal, stage, now), deal, Script())


def _history(version: WorkflowVersion, queues: Mapping[str, Queue], text: str, *, as_json: bool) -> None:
    days = _DAYS.fullmatch(text)
    if days is None:
        raise UsageError(f"{text!r:.40} is no number of days", todo="Write it as 30d.")
    since = SystemClock().now() - timedelta(days=int(days[1]))
    found, unreadable = _compared(version, queues, since)
    counted = tally(found)
    if as_json:
        rows = [{**asdict(each), "count": count} for each, count in counted]
        typer.echo(json.dumps({"unreadable": unreadable, "rows": rows}, indent=2))
        return
    console = Console()
    console.print(display.differences(version, counted, since))
    if unreadable:
        console.print(f"{unreadable} records could not be read and are left out.")


def _compared(
    version: WorkflowVersion, queues: Mapping[str, Queue], since: datetime
) -> tuple[list[Compared], int]:
    with Console(stderr=True).status("Reading what was recorded") as status:
        deals, events, unreadable = asyncio.run(TrialDesk(settings()).recorded(since))
        found: list[Compared] = []
        for each in replay(version, queues, deals, events):
            found.append(each)
            status.update(f"{len(found)} deals tried")
    return found, unreadable


def _print(
    title: str,
    version: WorkflowVersion,
    trial: Trial,
    wrong: Sequence[str],
    *,
    as_json: bool,
    checked: bool = False,
) -> None:
    if as_json:
        typer.echo(json.dumps({"title": title, **report(version.name, trial)}, indent=2, default=str))
    else:
        Console().print(display.page(title, version, trial, wrong, checked=checked))

"""How `dealwire runs` shows runs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Group
from rich.table import Table
from rich.text import Text

from processors.history import RunStory
from schemas.run_event import RunEvent
from schemas.run_query import Cursor
from schemas.run_summary import RunSummary

_STYLE = {
    "completed": "green",
    "needs attention": "bold red",
    "rejected": "magenta",
    "held": "yellow",
    "cancelled": "yellow",
    "not enrolled": "dim",
    "waiting person": "cyan",
    "waiting time": "yellow",
    "waiting to retry": "yellow",
    "timed out": "red",
    "failed": "red",
}


def table(found: Sequence[RunSummary]) -> Table:
    """Show runs, one a line."""
    shown = Table("started", "opportunity", "workflow", "status", "step", "owner", "outcome", "run", box=None)
    for run in found:
        shown.add_row(
            _time(run.started_at),
            Text(run.opportunity_id),
            Text(f"{run.workflow_id} v{run.workflow_version}"),
            _status(run.status),
            Text(run.step_id),
            Text(run.owner),
            Text(run.outcome or run.reason),
            Text(run.run_id[:8]),
        )
    return shown


def overview(told: Mapping[str, RunStory], rows: int) -> Group:
    """Show how many runs there are of each status, and the newest ones."""
    counts = sorted(Counter(story.summary.status for story in told.values()).items())
    counted = " · ".join(f"{count} {name}" for name, count in counts) or "no runs yet"
    newest = sorted((story.summary for story in told.values()), key=Cursor.of, reverse=True)
    return Group(Text(counted, style="bold"), table(newest[:rows]))


def page(story: RunStory) -> Group:
    """Show one run whole."""
    run = story.summary
    heading = Text(f"{run.workflow_id} v{run.workflow_version}", style="bold")
    heading.append("  ").append_text(_status(run.status))
    facts = Table.grid(padding=(0, 2))
    for name, value in (
        ("run", run.run_id),
        ("org", run.org_id),
        ("opportunity", run.opportunity_id),
        ("stage", run.stage),
        ("owner", run.owner),
        ("names", run.names),
        ("started", _time(run.started_at)),
        ("ended", _time(run.ended_at)),
        ("due", _time(run.due)),
        ("outcome", run.outcome),
        ("reason", run.reason),
        ("missing", "" if run.whole else f"{run.sequence - run.events} events are no longer kept"),
    ):
        if value:
            facts.add_row(Text(name, style="dim"), Text(value))
    return Group(heading, facts, _steps(story), Text(), _others(story.others), Text())


def explained(run: RunSummary | None, sentence: str) -> Text:
    """Show why a run stands as it does, or why there is none."""
    if run is None:
        return Text(sentence)
    heading = Text(f"{run.workflow_id} v{run.workflow_version} ({run.run_id[:8]}) ", style="bold")
    return heading.append_text(_status(run.status)).append("  ").append(sentence, style="not bold")


def refusals(loose: Sequence[RunEvent]) -> Group:
    """Show what is of no run: commands that were refused."""
    return Group(Text("of no run", style="bold"), _others(loose))


def _steps(story: RunStory) -> Table:
    steps = Table("step", "type", "status", "tries", "from", "to", "input", "output or error", box=None)
    for step in story.steps:
        steps.add_row(
            Text(step.step_id),
            Text(step.step_type),
            _status(step.status),
            str(step.attempts),
            _time(step.started_at),
            _time(step.ended_at),
            Text(step.input, overflow="fold"),
            Text(step.error or step.output, overflow="fold"),
        )
    return steps


def _others(events: Sequence[RunEvent]) -> Table:
    shown = Table("at", "what", "step", "task", "by whom", "why", "with", box=None)
    for event in events:
        shown.add_row(
            _time(event.at),
            Text(event.kind),
            Text(event.step_id),
            Text(event.task_id[:8]),
            Text(event.actor),
            Text(event.reason or event.outcome, overflow="fold"),
            Text(event.input or event.output, overflow="fold"),
        )
    return shown


def _status(status: str) -> Text:
    return Text(status, style=_STYLE.get(status, ""))


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")

"""How corrections of runs are shown: what would be done, and what came of it."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Group
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from processors.commanding import Answer, Outcome
from schemas.run_summary import RunSummary

_SHORT = 8
_MOST_SHOWN = 200


def columns() -> tuple[ProgressColumn, ...]:
    """Give what a bar shows: how far, since when, until when."""
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )


def meant(runs: Sequence[RunSummary]) -> Group:
    """Say how many runs are meant, by workflow and status."""
    counts = Counter((run.workflow_id, run.workflow_version, run.status) for run in runs)
    lines = [
        Text(f"  {count:>7}  {name} v{version}  {status}", style="dim")
        for (name, version, status), count in sorted(counts.items())
    ]
    return Group(Text(f"{len(runs)} runs are meant."), *lines)


def planned(rows: Sequence[tuple[RunSummary, str]]) -> Group:
    """Show what would be done run by run, and what would be refused, as far as the history knows."""
    refused = sum(bool(reason) for _, reason in rows)
    more = len(rows) - _MOST_SHOWN
    return Group(
        _table("would be", ((run, reason or "done", not reason) for run, reason in rows[:_MOST_SHOWN])),
        Text(f"{more} more.") if more > 0 else Text(),
        Text(f"{len(rows) - refused} would be done, {refused} refused. Nothing was done."),
    )


def concluded(answers: Sequence[tuple[RunSummary, Answer]]) -> Group:
    """Show what came of it: the counts, and each run that was not done, with the reason."""
    counts = Counter(answer.outcome for _, answer in answers)
    left = [(run, answer) for run, answer in answers if answer.outcome is not Outcome.DONE]
    text = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    if not left:
        return Group(Text(f"{text}."))
    rows = (
        (run, answer.reason or f"not answered yet: command {answer.command_id}", False)
        for run, answer in left
    )
    return Group(Text(f"{text}."), _table("why not", rows))


def plain(run: RunSummary, answer: Answer) -> dict[str, str]:
    """Give one answer for a script."""
    return {
        "run_id": run.run_id,
        "opportunity_id": run.opportunity_id,
        "outcome": answer.outcome.value,
        "reason": answer.reason,
        "command_id": answer.command_id,
    }


def _table(last: str, rows: Iterable[tuple[RunSummary, str, bool]]) -> Table:
    shown = Table("run", "opportunity", "workflow", "status", "step", last, box=None, header_style="bold")
    for run, text, good in rows:
        shown.add_row(
            Text(run.run_id[:_SHORT]),
            Text(run.opportunity_id),
            Text(f"{run.workflow_id} v{run.workflow_version}"),
            Text(run.status),
            Text(run.step_id),
            Text(text, style="green" if good else "yellow", overflow="fold"),
        )
    return shown

"""How `dealwire tasks` shows tasks."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from rich.console import Group
from rich.table import Table
from rich.text import Text

from schemas.run_event import RunEvent
from schemas.task import TASK_ENDED, Task

_STYLE = {"open": "cyan", "claimed": "yellow", "done": "green", "expired": "red", "cancelled": "dim"}
_SHORT = 8


def table(tasks: Iterable[Task], now: datetime) -> Table:
    """Show tasks, one a line; what is overdue in red."""
    shown = Table("due", "task", "kind", "status", "title", "asked", "workflow", "opportunity", box=None)
    for task in tasks:
        shown.add_row(
            _due(task, now),
            Text(task.id[:_SHORT]),
            Text(task.kind),
            Text(task.status, style=_STYLE.get(task.status, "")),
            Text(task.title, overflow="fold"),
            Text(task.claimed_by or ", ".join(task.people), overflow="fold"),
            Text(task.workflow_id),
            Text(task.opportunity_id),
        )
    return shown


def page(task: Task, now: datetime) -> Group:
    """Show one task whole, and what to type to answer it."""
    heading = Text(task.title or task.kind, style="bold")
    heading.append("  ").append(task.status, style=_STYLE.get(task.status, ""))
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(task).items():
        if value:
            facts.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
    if task.due is not None:
        facts.add_row(Text("due", style="dim"), _due(task, now))
    parts: list[Text | Table] = [heading, facts]
    if task.text:
        parts += [Text(), Text(task.text)]
    if task.fields:
        parts += [Text(), _fields(task)]
    if task.choices:
        parts += [Text(), _choices(task)]
    if task.votes:
        parts += [Text(), _votes(task)]
    if task.status not in TASK_ENDED:
        parts += [Text(), Text(f"Answer it: {how_to_answer(task)}", style="dim")]
    return Group(*parts)


def how_to_answer(task: Task) -> str:
    """Give what a person types next."""
    short = task.id[:_SHORT]
    answers: Mapping[str, str] = {
        "approval": f"dealwire tasks approve {short}, or reject {short} --reason WHY",
        "form": f"dealwire tasks fill {short} NAME=VALUE ...",
        "claim": f"dealwire tasks claim {short}",
        "choice": f"dealwire tasks choose {short} KEY",
    }
    return answers.get(task.kind, f"dealwire tasks show {short}")


def done(task: Task, event: RunEvent | None) -> str:
    """Say in a line what a command did to a task."""
    name = task.title or task.id
    if event is None:
        return f"{name}: done."
    what = event.outcome if event.outcome and "@" not in event.outcome else event.kind.removeprefix("task.")
    more = ", and more answers are needed" if event.kind == "task.answered" and not event.outcome else ""
    return f"{name}: {what} by {event.actor}{more}."


def _facts(task: Task) -> dict[str, str]:
    return {
        "task": task.id,
        "kind": task.kind,
        "asked": ", ".join(task.people),
        "claimed by": task.claimed_by,
        "needed": f"{task.need} of {len(task.people)}" if task.kind == "approval" else "",
        "workflow": f"{task.workflow_id} v{task.workflow_version}, step {task.step_id}",
        "run": task.run_id,
        "opportunity": task.opportunity_id,
        "opened": _time(task.opened_at),
        "reminded": str(task.reminded or ""),
        "escalated": "yes" if task.escalated else "",
        "outcome": task.outcome,
        "answered by": task.answered_by,
        "ended": _time(task.answered_at),
        "reason": task.reason,
    }


def _fields(task: Task) -> Table:
    shown = Table("field", "label", "type", "required", "value", "help", box=None, header_style="bold")
    for field in task.fields:
        kind = f"{field.type}: {', '.join(field.choices)}" if field.choices else field.type
        shown.add_row(
            Text(field.name),
            Text(field.label),
            Text(kind, overflow="fold"),
            "yes" if field.required else "",
            Text(task.values.get(field.name, ""), overflow="fold"),
            Text(field.help, overflow="fold"),
        )
    return shown


def _choices(task: Task) -> Table:
    shown = Table("key", "means", box=None, header_style="bold")
    for choice in task.choices:
        shown.add_row(Text(choice.key), Text(choice.label))
    return shown


def _votes(task: Task) -> Table:
    shown = Table("who", "said", "when", "why", box=None, header_style="bold")
    for vote in task.votes:
        said = Text("yes", style="green") if vote.yes else Text("no", style="red")
        shown.add_row(Text(vote.by), said, _time(vote.at), Text(vote.reason, overflow="fold"))
    return shown


def _due(task: Task, now: datetime) -> Text:
    late = task.due is not None and task.due < now and task.status not in TASK_ENDED
    return Text(_time(task.due), style="bold red" if late else "")


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M")

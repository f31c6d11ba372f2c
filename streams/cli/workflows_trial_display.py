"""How `dealwire workflows test` shows what came of a trial."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from processors.history import tell
from processors.trial_report import ALWAYS
from processors.what_if import Trial
from processors.what_if_history import APART, SAME, Compared
from schemas.account import Account
from schemas.definition.documents import WorkflowVersion


def page(
    title: str, version: WorkflowVersion, trial: Trial, wrong: Sequence[str], *, checked: bool
) -> RenderableType:
    """Show one trial whole."""
    heading = Text.assemble((title, "bold"), f"  {version.name} → ", (trial.outcome, "bold"))
    parts: list[RenderableType] = [heading, _steps(trial)]
    for mail in trial.mails:
        parts += [Text(f"mail to {', '.join(mail.to)}: {mail.subject}", style="cyan"), _indented(mail.text)]
    parts += [
        Text(f"published to {each.topic}: {_values(each.values)}", style="cyan") for each in trial.published
    ]
    account = trial.run.account if trial.run is not None else None
    if account is not None:
        parts += [Text("account", style="cyan"), _account(account)]
    parts += [Text(f"assumed: {each}", style="dim") for each in (*trial.assumed, *ALWAYS)]
    parts += [Text(f"✗ {each}", style="red") for each in wrong]
    if checked and not wrong:
        parts.append(Text("✓ as expected", style="green"))
    return Group(*parts, Text())


def differences(
    version: WorkflowVersion, counted: Sequence[tuple[Compared, int]], since: datetime
) -> RenderableType:
    """Show what the draft would have changed."""
    table = Table("deals", "what", "really", "with the draft", "ways part at", "for example", box=None)
    for each, count in counted:
        style = "dim" if each.kind in (SAME, APART) else "yellow"
        example = each.run_id[:8] or each.opportunity_id
        cells = (each.kind, each.really, each.draft, each.parting, example)
        table.add_row(str(count), *(Text(cell) for cell in cells), style=style)
    tried = sum(count for each, count in counted if each.kind != APART)
    differ = sum(count for each, count in counted if each.kind not in (SAME, APART))
    heading = Text(f"{version.name}: {differ} of {tried} deals since {since:%Y-%m-%d} go another way")
    notes = (
        "People answer as they did. What was typed into forms is not recorded: they are filled as prefilled.",
        "Steps that failed for good fail again. Runs that are open or were cancelled are not compared.",
    )
    return Group(heading, table, *(Text(f"assumed: {each}", style="dim") for each in notes))


def _steps(trial: Trial) -> Table:
    table = Table("step", "type", "status", "tries", "at", "output or reason", box=None)
    for story in tell({}, trial.events).values():
        for step in story.steps:
            table.add_row(
                Text(step.step_id),
                Text(step.step_type),
                Text(step.status),
                str(step.attempts),
                f"{step.ended_at or step.started_at:%Y-%m-%d %H:%M}",
                Text(step.error or step.output, overflow="fold"),
            )
        if not story.steps:
            table.add_row("", "", Text(story.summary.status), "", "", Text(story.summary.reason))
    return table


def _account(account: Account) -> Table:
    table = Table.grid(padding=(0, 2))
    hidden = {"id", "org_id", "key", "opportunity_id", "run_id", "revision", "updated_at"}
    for name, value in account.model_dump(mode="json", exclude=hidden, exclude_defaults=True).items():
        shown = {field: each["value"] for field, each in value.items()} if name == "custom" else value
        table.add_row(Text(f"  {name}", style="dim"), Text(str(shown), overflow="fold"))
    return table


def _values(values: Any) -> str:
    return ", ".join(f"{name}={each.value}" for name, each in values.items())


def _indented(text: str) -> Text:
    return Text("\n".join(f"  {line}" for line in text.splitlines()), style="dim")

"""How dead letters look on a screen."""

import json
from collections.abc import Mapping, Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from processors.dead_letters import Redrive, by_reason
from schemas.dead_letter import Letter, Mark
from streams.redrive_rounds import Outcome

_WHY_WIDTH = 24


def rows(letters: Sequence[Letter], limit: int) -> Group:
    """Show letters, and below how many there are of each kind."""
    table = _table("letter", "since", "agent", "topic", "key", "tries", "why")
    for letter in letters[:limit]:
        table.add_row(
            letter.id,
            f"{letter.at:%Y-%m-%d %H:%M:%S}",
            letter.agent,
            letter.origin.topic,
            letter.key.decode(errors="replace"),
            str(letter.redrives + 1),
            Text(letter.reason, style="dim" if letter.parked else "red"),
        )
    counts = _table("letters", "agent", "topic", "error")
    for (agent, topic, error), count in by_reason(letters).items():
        counts.add_row(str(count), agent, topic, error)
    more = f"{len(letters) - limit} more; see --limit.\n" if len(letters) > limit else ""
    return Group(table, Text(more), counts)


def dealt_rows(done: Sequence[tuple[Letter, Mark]]) -> Table:
    """Show letters that were dealt with."""
    table = _table("letter", "when", "how", "by", "agent", "key", "because")
    for letter, mark in done:
        table.add_row(
            letter.id,
            f"{mark.at:%Y-%m-%d %H:%M:%S}",
            mark.kind.value,
            mark.actor,
            letter.agent,
            letter.key.decode(errors="replace"),
            Text(mark.why),
        )
    return table


def planned(plan: Redrive) -> Group:
    """Show what a redrive would do, and what it leaves."""
    keys = len({letter.key for letter in plan.letters})
    parked = sum(letter.parked for letter in plan.letters)
    lines = [Text(f"{len(plan.letters)} records of {keys} keys go back, {parked} of them were parked.")]
    for (agent, topic, error), count in by_reason(plan.letters).items():
        lines.append(Text(f"  {count:>7}  {agent} ← {topic}  {error}", style="dim"))
    if plan.held_back:
        letter, earlier = plan.held_back[0]
        lines.append(
            Text(
                f"{len(plan.held_back)} stay: an earlier letter of their key was not chosen, such as "
                f"{earlier.id} before {letter.id}. Redrive or discard that one too.",
                style="yellow",
            )
        )
    if plan.from_outside:
        lines.append(
            Text(
                f"{len(plan.from_outside)} stay: they came from no topic of ours, so they can only be "
                "discarded once their cause is mended.",
                style="yellow",
            )
        )
    return Group(*lines)


def became(outcome: Outcome, *, waited: bool) -> Group:
    """Show what became of a redrive."""
    lines = [Text(f"{outcome.redriven} records were sent back.", style="green")]
    if outcome.came_meanwhile:
        lines.append(Text(f"{outcome.came_meanwhile} came meanwhile, were parked, and were sent after them."))
    if outcome.failed_again:
        ids = ", ".join(letter.id for letter in outcome.failed_again[:5])
        lines.append(
            Text(f"{len(outcome.failed_again)} failed again and are letters anew: {ids} …", style="red")
        )
    if waited and not outcome.taken:
        lines.append(
            Text(
                "The agents have not taken all of them yet; what came meanwhile may be parked. "
                "Look again later: dealwire dead-letters list",
                style="yellow",
            )
        )
    return Group(*lines)


def story(told: Mapping[str, object]) -> Group:
    """Show one letter whole."""
    grid = Table.grid(padding=(0, 2))
    for name, value in told.items():
        text = json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, dict) else str(value)
        if text:
            grid.add_row(Text(name.replace("_", " "), style="dim"), Text(text, overflow="fold"))
    return Group(grid)


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold")
    for column in columns:
        table.add_column(
            column,
            overflow="fold",
            no_wrap=column in ("letter", "since", "when"),
            min_width=_WHY_WIDTH if column in ("why", "because") else None,
        )
    return table

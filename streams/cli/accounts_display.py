"""How `dealwire accounts` shows accounts."""

import json
from collections.abc import Sequence

from rich.console import Group as Lines
from rich.table import Column, Table
from rich.text import Text

from processors.duplicates import Group
from schemas.account import Account

_SHORT = 8
_SHOWN_CHARS = 60
_NOT_COMPARED = {"id", "org_id", "key", "revision", "run_id", "updated_at", "merged_into", "aliases"}


def rows(found: Sequence[Account]) -> Table:
    """Show accounts, one a line."""
    table = Table(
        "id", "opportunity", "name", "company", "csm", "revision", "changed", "merged into", box=None
    )
    for account in found:
        aliases = f" (+{len(account.aliases)})" if account.aliases else ""
        table.add_row(
            Text(account.id[:_SHORT]),
            Text(account.opportunity_id),
            Text(account.name + aliases),
            Text(account.company_name or ""),
            Text(account.csm.name if account.csm is not None else ""),
            str(account.revision),
            _time(account),
            Text(account.merged_into[:_SHORT]),
        )
    return table


def page(account: Account, target: Account | None) -> Lines:
    """Show one account whole."""
    heading = Text(account.name or account.key, style="bold")
    if account.merged_into:
        into = f"{target.name} ({target.key})" if target is not None else account.merged_into
        heading.append(f"  merged into {into}", style="yellow")
    facts = Table.grid(padding=(0, 2))
    for name, value in account.model_dump(mode="json", exclude_defaults=True).items():
        facts.add_row(Text(name.replace("_", " "), style="dim"), Text(_shown(value), overflow="fold"))
    return Lines(heading, facts)


def groups(found: Sequence[Group]) -> Lines:
    """Show groups of accounts that are probably one customer, with the command that merges the first two."""
    parts: list[Text | Table] = []
    for group in found:
        by = ", ".join(each.value.replace("_", " ") for each in group.by)
        parts += [Text(f"{group.score:.0%} by {by}", style="bold"), rows(group.accounts)]
        keep, other = group.accounts[:2]
        parts.append(Text(f"dealwire accounts merge {other.key} --into {keep.key} --dry-run\n", style="dim"))
    return Lines(*parts)


def planned(source: Account, target: Account, after: Account) -> Lines:
    """Show what a merge makes of the account that stays: each value that either has."""
    headers = (Column(Text(source.key)), Column(Text(f"into {target.key}")))
    table = Table("", *headers, "afterwards", box=None)
    for name in Account.model_fields:
        if name in _NOT_COMPARED:
            continue
        values = [_value(account, name) for account in (source, target, after)]
        if any(values):
            changed = values[1] != values[2]
            table.add_row(
                Text(name.replace("_", " "), style="dim"),
                *(Text(value[:_SHOWN_CHARS]) for value in values[:2]),
                Text(values[2][:_SHOWN_CHARS], style="green" if changed else ""),
            )
    return Lines(table, Text(f"{source.key} becomes an alias of {target.key}.", style="dim"))


def _value(account: Account, name: str) -> str:
    return _shown(account.model_dump(mode="json", include={name}, exclude_defaults=True).get(name))


def _shown(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _time(account: Account) -> str:
    return "" if account.updated_at is None else account.updated_at.strftime("%Y-%m-%d %H:%M:%S")

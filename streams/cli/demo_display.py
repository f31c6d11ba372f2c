"""What the demo shows: deals arriving, the ledger, and what to type next."""

import os
from collections.abc import Sequence

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from processors.ledger import Ledger, Observed
from streams.local.deployment import Deployment
from streams.local.mover import Closed

_ROWS = 12


def arrivals(closed: Sequence[Closed], found: Observed, ledger: Ledger) -> Group:
    """Show the deals closed last, with what became of each."""
    accounts = {account.opportunity_id: (account, at) for account, at in reversed(found.accounts)}
    latest = {account.opportunity_id: account for account, _ in found.accounts}
    ended = {event.opportunity_id: event.outcome for event in found.events if event.kind == "run.completed"}
    table = Table(box=None, header_style="bold")
    table.add_column("deal", no_wrap=True, max_width=21)
    for name in ("amount", "after"):
        table.add_column(name, no_wrap=True, justify="right", min_width=9)
    for name in ("CSM", "template"):
        table.add_column(name, no_wrap=True)
    for each in closed[-_ROWS:]:
        deal = each.move.opportunity_id
        if deal in accounts:
            account = latest[deal]
            seconds = max(0.0, (accounts[deal][1] - each.move.at).total_seconds())
            table.add_row(
                each.name,
                f"{account.arr:,.0f}" if account.arr is not None else "",
                Text(f"{seconds:.2f} s", style="green" if deal in ended else "yellow"),
                account.csm.name if account.csm else "",
                account.template.name if account.template else "",
            )
        else:
            table.add_row(each.name, "", Text(ended.get(deal, "on its way"), style="dim"))
    counts = (
        f"{len(closed)} deals closed · {ledger.accounts} accounts · {ledger.completed} runs done "
        f"· {ledger.mails} mails"
    )
    return Group(Text(counts, style="bold"), Text(), table)


def summary(ledger: Ledger, calls: int) -> Panel:
    """Show the ledger."""
    table = Table.grid(padding=(0, 3))
    good, bad = "bold green", "bold red"
    for name, value, style in (
        ("deals closed", str(ledger.deals), ""),
        ("accounts", str(ledger.accounts), ""),
        ("runs completed", str(ledger.completed), ""),
        ("of these rejected by a person", str(ledger.rejected), ""),
        ("mails", str(ledger.mails), ""),
        ("lost", str(ledger.lost), bad if ledger.lost else good),
        ("doubled", str(ledger.doubled), bad if ledger.doubled else good),
        ("REST calls to the org", str(calls), ""),
        ("stage change to account, p50", f"{ledger.percentile(0.5):.2f} s", ""),
        ("stage change to account, p99", f"{ledger.percentile(0.99):.2f} s", ""),
    ):
        table.add_row(name, Text(value, style=style))
    return Panel(table, title="what came of it", expand=False)


def next_steps(deployment: Deployment, seconds: float) -> Text:
    """Say what to type next."""
    config, mails = (
        os.path.relpath(path) for path in (deployment.settings_file, deployment.sandbox.mail.mailbox.folder)
    )
    lines = (
        f"That took {seconds:.0f} s. While this runs, in another terminal:",
        "",
        f"  export DEALWIRE_CONFIG={config}",
        "  dealwire runs list          every run",
        "  dealwire runs watch         look on",
        "  dealwire tasks list         what people are asked",
        "  dealwire workflows list     what decides",
        f"  less {mails}/new/*",
        "",
        "Then read examples/ and write a workflow of your own; README.md says how to use a real org.",
    )
    return Text("\n".join(lines))

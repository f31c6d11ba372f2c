"""How connections and what was found of them are shown: never with anything secret."""

import json
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors.salesforce.connecting.checks import Check, Findings
from connectors.salesforce.connection import Connection

FLOWS = {"refresh_token": "browser", "client_credentials": "client-credentials", "jwt": "jwt"}


def plain(connection: Connection, findings: Findings | None = None) -> dict[str, Any]:
    """Give a connection, and what was found, as JSON has it."""
    shown: dict[str, Any] = json.loads(connection.model_dump_json())
    if findings is not None:
        shown |= {"ok": findings.ok, "checks": [asdict(each) for each in findings.checks]}
    return shown


def show_connection(console: Console, connection: Connection) -> None:
    """Show one connection."""
    table = Table(box=None, show_header=False)
    for label, value in (
        ("org", f"{connection.org_name or '?'} ({connection.org_id})"),
        ("edition", connection.edition + (", sandbox" if connection.is_sandbox else "")),
        ("host", connection.instance_url),
        ("logs in at", connection.login_url),
        ("by", FLOWS[connection.flow] + (f", as {connection.username}" if connection.username else "")),
        ("app", f"{connection.client_id[:8]}…"),
        ("API", f"v{connection.api_version}, permissions: {connection.scope or 'those of the app'}"),
        ("status", f"{connection.status} since {connection.connected_at:%Y-%m-%d %H:%M} UTC"),
        ("secret", connection.secret_ref),
    ):
        table.add_row(Text(label, style="dim"), Text(value))
    console.print(table)


def show_findings(console: Console, connection: Connection, findings: Findings) -> None:
    """Show that it is connected and what was looked at, or what is wrong and who changes what."""
    if findings.ok:
        kind = f"{findings.edition}{', sandbox' if findings.is_sandbox else ''}"
        what = f"{findings.org_name} ({kind}), API v{connection.api_version}"
        console.print(Text.assemble(("Connected", "bold green"), f": {what}"), soft_wrap=True)
    else:
        console.print(Text("Logged in, but something that is needed is missing:", "bold red"))
    for each in findings.checks:
        console.print(_line(each), soft_wrap=True)
        if each.todo and not each.ok:
            console.print(Text(f"      {each.todo}", "dim"), soft_wrap=True)


def _line(check: Check) -> Text:
    mark, style = ("✓", "green") if check.ok else (("✗", "red") if check.needed else ("!", "yellow"))
    return Text.assemble("  ", (mark, style), f" {check.name}: {check.said}")

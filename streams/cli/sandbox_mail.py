"""`dealwire sandbox mail`: reads the mails that were caught."""

import json
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connectors.email.catcher.mailbox import CaughtMail, Mailbox
from schemas.errors import UsageError
from streams.sandbox.state import Place

mail_app = typer.Typer(help="List and show the mails that were caught.", invoke_without_command=True)

_console = Console()
Folder = Annotated[Path, typer.Option("--dir", metavar="FOLDER", help="The sandbox's folder.")]
DEFAULT_FOLDER = Path(".dealwire")


def _mails(folder: Path) -> list[CaughtMail]:
    maildir = Place(folder).data / "mail" / "mail"
    return Mailbox(maildir).mails() if maildir.is_dir() else []


@mail_app.callback(epilog="Example: dealwire sandbox mail show 3")
def listing(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """List the mails that were caught, the oldest first."""
    if ctx.invoked_subcommand is not None:
        return
    mails = _mails(folder)
    if as_json:
        typer.echo(json.dumps([_facts(number, mail) for number, mail in enumerate(mails, 1)], indent=2))
        return
    table = Table("no", "at (UTC)", "to", "subject", box=None, header_style="bold")
    for number, mail in enumerate(mails, 1):
        to, subject = ", ".join(mail.recipients), str(mail.message["Subject"] or "")
        table.add_row(str(number), f"{mail.at:%Y-%m-%d %H:%M:%S}", escape(to), escape(subject))
    _console.print(table if mails else "No mail was caught yet.")


@mail_app.command(epilog="Example: dealwire sandbox mail show 1 --raw")
def show(
    number: Annotated[int, typer.Argument(min=1, help="Its number in the list.")],
    raw: Annotated[bool, typer.Option("--raw", help="The message as it came, headers and all.")] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Show one mail."""
    mails = _mails(folder)
    if number > len(mails):
        raise UsageError(
            f"there is no mail {number}", on=f"{len(mails)} mails", todo="Type: dealwire sandbox mail"
        )
    mail = mails[number - 1]
    if raw:
        typer.echo(mail.raw.decode(errors="replace"))
        return
    message = mail.message
    for name in ("From", "To", "Cc", "Date", "Message-ID", "Subject"):
        if message[name]:
            typer.echo(f"{name}: {message[name]}")
    typer.echo(f"\n{_text(message)}")


def _facts(number: int, mail: CaughtMail) -> dict[str, object]:
    return {
        "number": number,
        "at": mail.at.isoformat(),
        "from": mail.sender,
        "to": mail.recipients,
        "message_id": mail.message["Message-ID"],
        "subject": mail.message["Subject"],
    }


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    return str(body.get_content()) if body is not None else ""

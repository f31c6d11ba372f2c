"""`dealwire accounts`: which there are, which are the same customer, and making two of them one."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import uuid4

import typer
from rich.console import Console

from connectors.kafka.registry import HttpRegistry
from processors.account_book import meant, target_of
from processors.account_filling import filled
from processors.merging import objection
from schemas.account import Account
from schemas.account_merge import MERGE, UNMERGE, MergeAccounts
from schemas.errors import ExitCode, RefusedError, UsageError
from schemas.topics import TOPICS
from streams.account_book import AccountBook
from streams.cli.accounts_display import groups, page, planned, rows
from streams.cli.context import settings
from streams.merge_asking import ask
from streams.records import Records, connect
from streams.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="The accounts: which there are, which are the same customer, making two one."
)

_READ = tuple(TOPICS[name] for name in ("accounts", "accounts.merges", "accounts.events"))
_PATIENCE_S = 10.0
T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for a script.")]
Org = Annotated[str, typer.Option(help="Only accounts of this org (18 characters).")]
Which = Annotated[str, typer.Argument(help="Its key, its id or the beginning of it, or its opportunity.")]
Reason = Annotated[str, typer.Option(help="Why; told with the fact.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command("list", epilog="Example: dealwire accounts list --name acme")
def list_accounts(
    *,
    name: Annotated[str, typer.Option(help="Only those whose or whose company's name has this in it.")] = "",
    org: Org = "",
    merged: Annotated[bool, typer.Option("--merged", help="Only those that were merged.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, those changed last first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List accounts, as the public topic tells of them. No sink is asked."""
    wanted = name.casefold()
    found = [
        account
        for account in _accounts().values()
        if org in ("", account.org_id)
        and wanted in f"{account.name}\n{account.company_name or ''}".casefold()
        and bool(account.merged_into) is merged
    ]
    found.sort(key=lambda account: (str(account.updated_at or ""), account.key), reverse=True)
    if as_json:
        typer.echo(json.dumps([account.model_dump(mode="json") for account in found[:limit]], indent=2))
        return
    Console().print(rows(found[:limit]) if found else "There is no such account.")
    if len(found) > limit:
        Console().print(f"{len(found) - limit} more; type: dealwire accounts list --limit {len(found)}")


@app.command(epilog="Example: dealwire accounts show 0065g00000Zk1QaAAJ")
def show(account: Which, as_json: AsJson = False) -> None:
    """Show one account, and what it was merged into or what was merged into it."""
    accounts = _accounts()
    found = meant(accounts, account)
    if as_json:
        typer.echo(json.dumps(found.model_dump(mode="json"), indent=2))
        return
    Console().print(page(found, target_of(accounts, found)))


@app.command(epilog="Example: dealwire accounts duplicates --json")
def duplicates(
    *,
    org: Org = "",
    limit: Annotated[int, typer.Option(min=1, help="At most this many groups, the surest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Report accounts that are probably one customer: same Salesforce account, web domain or like name."""
    with Console(stderr=True).status("Comparing accounts"):
        found = _of_book(lambda book: book.duplicates(org))
    if as_json:
        plain = [
            {
                "by": group.by,
                "score": group.score,
                "accounts": [each.model_dump(mode="json") for each in group.accounts],
            }
            for group in found[:limit]
        ]
        typer.echo(json.dumps(plain, indent=2))
        return
    Console().print(groups(found[:limit]) if found else "No two accounts look like the same customer.")
    if len(found) > limit:
        Console().print(f"{len(found) - limit} more groups; type: dealwire accounts duplicates --limit …")


@app.command(epilog="Example: dealwire accounts merge 5f0c21 --into 91ab77 --dry-run")
def merge(
    account: Which,
    *,
    into: Annotated[str, typer.Option(help="The account that stays, named in the same ways.")],
    reason: Reason = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would be, and do nothing.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make two accounts one. The second keeps what it says; its blanks are filled from the first.

    The first stays, marked with what it was merged into, and its later runs follow. It can be undone.
    """
    accounts = _accounts()
    source, target = meant(accounts, account), meant(accounts, into)
    command = _command(MERGE, source, target.key, reason)
    why = "" if source.merged_into == target.id else objection(source, target)  # else a half may be made good
    if why:
        raise RefusedError(why, on=f"account {source.key}", todo="Type: dealwire accounts show …")
    after = filled(target, [source])
    if not as_json:
        Console().print(planned(source, target, after))
    if dry_run:
        if as_json:
            typer.echo(json.dumps({"after": after.model_dump(mode="json")}, indent=2))
        return
    _confirm("Merge them?", yes=yes)
    _carry_out(command, as_json=as_json, done="They are one account now.")


@app.command(epilog="Example: dealwire accounts unmerge 5f0c21")
def unmerge(account: Which, *, reason: Reason = "", yes: Yes = False, as_json: AsJson = False) -> None:
    """Undo a merge: each account is again as its own run says by now."""
    accounts = _accounts()
    source = meant(accounts, account)
    target = target_of(accounts, source)
    if source.aliases:
        raise UsageError(
            "others were merged into this one",
            on=f"account {source.key}",
            todo=f"Name one of them: {', '.join(source.aliases)}",
        )
    if target is not None and not as_json:
        Console().print(page(source, target))
    _confirm("Take them apart?", yes=yes)
    _carry_out(_command(UNMERGE, source, "", reason), as_json=as_json, done="They are apart.")


def _connected() -> tuple[Settings, Records]:
    read = settings()
    return read, asyncio.run(connect(HttpRegistry(read.registry), read.kafka, _READ))


def _accounts() -> Mapping[str, Account]:
    with Console(stderr=True).status("Reading accounts"):
        return _of_book(AccountBook.accounts)


def _of_book(asked: Callable[[AccountBook], Awaitable[T]]) -> T:
    read, records = _connected()

    async def answer() -> T:
        book = AccountBook(read.kafka, records)
        try:
            return await asked(book)
        finally:
            await book.close()

    return asyncio.run(answer())


def _command(kind: str, source: Account, target_key: str, reason: str) -> MergeAccounts:
    return MergeAccounts(
        id=str(uuid4()),
        org_id=source.org_id,
        kind=kind,
        source_key=source.key,
        target_key=target_key,
        actor=getpass.getuser(),
        reason=reason.strip(),
    )


def _confirm(question: str, *, yes: bool) -> None:
    if not yes and not typer.confirm(question):
        raise typer.Exit(ExitCode.INCOMPLETE)


def _carry_out(command: MergeAccounts, *, as_json: bool, done: str) -> None:
    read, records = _connected()
    with Console(stderr=True).status("Waiting for the worker of the role accounts"):
        found = asyncio.run(ask(read, records, command, at=datetime.now(UTC), patience_s=_PATIENCE_S))
    if as_json:
        told = "under way" if found is None else "done" if found.done else "refused"
        reason = found.reason if found is not None else ""
        typer.echo(json.dumps({"command": command.id, "outcome": told, "reason": reason}, indent=2))
    elif found is None:
        Console().print(
            f"It is under way: no worker has answered yet. Type: dealwire accounts show {command.source_key}",
            highlight=False,
        )
    elif found.done:
        Console().print(done)
    if found is None:
        raise typer.Exit(ExitCode.INCOMPLETE)
    if not found.done and as_json:
        raise typer.Exit(ExitCode.REFUSED)
    if not found.done:
        raise RefusedError(found.reason, on=f"account {command.source_key}")

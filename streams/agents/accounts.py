"""Commands become accounts at the sink, and public facts about them."""

from typing import Any

from connectors.ports import AccountSink, Outgoing, Upserted
from processors.account_facts import fact_of
from schemas.account import Account, UpsertAccount
from schemas.errors import DealwireError, RefusedError, UnavailableError
from streams.agents.commands import SIDE_BY_SIDE, bounded, failure, success
from streams.app import Surroundings, attach, needed, new_app
from streams.envelope import Limits
from streams.job import Job, expect, one_by_one
from streams.metrics import FAILED_ATTEMPTS

ROLE = "accounts"


def accounts(around: Surroundings) -> Any:
    """Make the app that reads `accounts.commands`; writes `accounts.events`, `accounts` and the result."""
    app = new_app(ROLE, around.settings)
    sink = needed(around.accounts, ROLE)

    async def handle(job: Job) -> None:
        command = expect(job.record, UpsertAccount)
        try:
            account = _account(command)
            held = await _held(sink, account, command)
        except DealwireError as error:
            around.metrics.add(FAILED_ATTEMPTS, agent=ROLE)
            await job.emit(failure(command, error, around.clock.now()))
            return
        fact = fact_of(command, account, job.origin.at)
        await job.emit(
            Outgoing(fact, account.key, cause=command.id, run_id=command.run_id),
            Outgoing(held, account.key, cause=command.id, run_id=command.run_id),
            success(command, {"account_id": held.id, "revision": str(held.revision)}),
        )

    limits = Limits(side_by_side=SIDE_BY_SIDE)
    attach(app, ROLE, ("accounts.commands",), one_by_one(handle), around, limits=limits)
    return app


async def _held(sink: AccountSink, account: Account, command: UpsertAccount) -> Account:
    """Upsert; where nobody knows whether it took effect, ask by the account's own key."""
    on = f"account {account.key}"
    try:
        done: Upserted = await bounded(sink.upsert(account, idempotency_key=command.id), on=on)
    except UnavailableError as error:
        if not error.unknown_outcome:
            raise
        held = await bounded(sink.get(account.key), on=on)
        if held is None or held.revision < account.revision:
            raise
        return held
    return done.account


def _account(command: UpsertAccount) -> Account:
    if command.account is None:
        raise RefusedError("the command names no account", on=f"command {command.id}")
    return command.account

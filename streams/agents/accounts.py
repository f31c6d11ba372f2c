"""Commands become accounts at the sink, and public facts about them; lookups find those that exist."""

from typing import Any

from connectors.ports import AccountSink, Outgoing, Upserted
from processors.account_facts import fact_of
from processors.matching import as_text, matches
from schemas.account import Account, FindAccounts, UpsertAccount
from schemas.errors import DealwireError, RefusedError, UnavailableError
from streams.agents.commands import SIDE_BY_SIDE, bounded, failure, success
from streams.app import Surroundings, attach, needed, new_app
from streams.envelope import Limits
from streams.job import Job, expect, one_by_one
from streams.metrics import FAILED_ATTEMPTS
from streams.resting_accounts import RestingAccounts
from streams.sink_rest import SinkRest

ROLE = "accounts"
_TOPICS = ("accounts.commands", "accounts.lookups")
_CANDIDATES = 100
"""Look-alikes that are judged at the most; sinks give the likeliest first."""


def accounts(around: Surroundings) -> Any:
    """Make the app that reads commands and lookups; writes `accounts.events`, `accounts` and the results.

    Both kinds share their keys, so that a lookup and the commands of one account keep their order.
    """
    app = new_app(ROLE, around.settings)
    rest = SinkRest(ROLE, around.clock, around.metrics)
    sink = RestingAccounts(needed(around.accounts, ROLE), rest)

    async def handle(job: Job) -> None:
        command = job.record if isinstance(job.record, FindAccounts) else expect(job.record, UpsertAccount)
        try:
            caused = await _carried_out(sink, command, job)
        except DealwireError as error:
            around.metrics.add(FAILED_ATTEMPTS, agent=ROLE)
            caused = (failure(command, error, around.clock.now()),)
        await job.emit(*caused)

    attach(app, ROLE, _TOPICS, one_by_one(handle), around, limits=Limits(side_by_side=SIDE_BY_SIDE))
    return app


async def _carried_out(
    sink: AccountSink, command: UpsertAccount | FindAccounts, job: Job
) -> tuple[Outgoing, ...]:
    account = _account(command)
    if isinstance(command, FindAccounts):
        candidates = await bounded(
            sink.candidates(account, _CANDIDATES), on=f"look-alikes of account {account.key}"
        )
        return (success(command, {"matches": as_text(matches(account, candidates))}),)
    held = await _held(sink, account, command)
    fact = fact_of(command, account, job.origin.at)
    return (
        Outgoing(fact, account.key, cause=command.id, run_id=command.run_id),
        Outgoing(held, account.key, cause=command.id, run_id=command.run_id),
        success(command, {"account_id": held.id, "revision": str(held.revision)}),
    )


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


def _account(command: UpsertAccount | FindAccounts) -> Account:
    if command.account is None:
        raise RefusedError("the command names no account", on=f"command {command.id}")
    return command.account

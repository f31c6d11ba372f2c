"""Commands become accounts at the sink, and public facts about them; lookups find those that exist."""

from typing import Any

from connectors.ports import AccountSink, Outgoing
from processors.account_facts import fact_of
from processors.matching import as_text, followed, matches
from schemas.account import Account, FindAccounts, UpsertAccount
from schemas.account_merge import MergeAccounts
from schemas.errors import DealwireError, RefusedError
from streams.agents.account_merges import AccountMerges
from streams.agents.commands import SIDE_BY_SIDE, bounded, failure, success
from streams.agents.holding import hold
from streams.app import Surroundings, add_table, attach, needed, new_app
from streams.envelope import Limits
from streams.job import Job, expect, one_by_one
from streams.metrics import FAILED_ATTEMPTS
from streams.resting_accounts import RestingAccounts
from streams.sink_rest import SinkRest

ROLE = "accounts"
_TOPICS = ("accounts.commands", "accounts.lookups", "accounts.merges")
_CANDIDATES = 100
"""Look-alikes that are judged at the most; sinks give the likeliest first."""


def accounts(around: Surroundings) -> Any:
    """Make the app that reads commands, lookups and merges; writes facts, accounts and the results.

    All three share their keys, so that what concerns one account keeps its order.
    """
    app = new_app(ROLE, around.settings)
    rest = SinkRest(ROLE, around.clock, around.metrics)
    sink = RestingAccounts(needed(around.accounts, ROLE), rest)
    merges = AccountMerges(sink, add_table(app, "merges", around), around.clock, around.metrics)

    async def handle(job: Job) -> None:
        if isinstance(job.record, MergeAccounts):
            await merges.handle(job, job.record)
            return
        command = job.record if isinstance(job.record, FindAccounts) else expect(job.record, UpsertAccount)
        try:
            caused = await _carried_out(sink, merges, command, job)
        except DealwireError as error:
            around.metrics.add(FAILED_ATTEMPTS, agent=ROLE)
            caused = (failure(command, error, around.clock.now()),)
        await job.emit(*caused)

    attach(app, ROLE, _TOPICS, one_by_one(handle), around, limits=Limits(side_by_side=SIDE_BY_SIDE))
    return app


async def _carried_out(
    sink: AccountSink, merges: AccountMerges, command: UpsertAccount | FindAccounts, job: Job
) -> tuple[Outgoing, ...]:
    if command.account is None:
        raise RefusedError("the command names no account", on=f"command {command.id}")
    account = command.account
    if isinstance(command, FindAccounts):
        return (success(command, {"matches": await _matches(sink, account)}),)
    caused = await merges.stored(job, command, account)
    if caused is not None:
        return caused
    held = await hold(sink, account, idempotency_key=command.id)
    fact = fact_of(command, account, job.origin.at)
    return (
        Outgoing(fact, account.key, cause=command.id, run_id=command.run_id),
        Outgoing(held, account.key, cause=command.id, run_id=command.run_id),
        success(command, {"account_id": held.id, "revision": str(held.revision)}),
    )


async def _matches(sink: AccountSink, draft: Account) -> str:
    on = f"look-alikes of account {draft.key}"
    found = matches(draft, await bounded(sink.candidates(draft, _CANDIDATES), on=on))
    accounts = {match.account.id: match.account for match in found}
    for target in {match.account.merged_into for match in found} - accounts.keys() - {""}:
        account = await bounded(sink.by_id(target), on=on)
        if account is not None:
            accounts[target] = account
    return as_text(followed(found, accounts, draft.key))

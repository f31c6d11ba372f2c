"""Accounts that take part in merges: `processors/merging.py` decides, the sink and the topics are told.

What an account is by a merge is in the table `merges` before the sink hears of it. So a crash in between
repeats the same document with the same revision, and a sink that failed gets it with the next input.
"""

from collections.abc import Callable
from datetime import timedelta

import structlog

from connectors.ports import AccountSink, Clock, Outgoing
from processors import merging
from processors.account_facts import (
    MERGE_FAILED,
    MERGE_REFUSED,
    MERGED,
    UPDATED,
    fact_of,
    merge_fact,
)
from processors.merging import Turn
from schemas.account import Account, AccountEvent, UpsertAccount
from schemas.account_merge import (
    ADOPT,
    FOLLOW,
    GIVE_BACK,
    MERGE,
    RELEASE,
    UNMERGE,
    MergeAccounts,
    MergeState,
)
from schemas.errors import BrokenInvariantError, DealwireError, UnavailableError, UnreadableError
from schemas.ids import account_id, derived_id
from streams.agents.commands import bounded, failure, success
from streams.agents.holding import hold
from streams.job import Job
from streams.logs import masked
from streams.metrics import FAILED_ATTEMPTS, Metrics
from streams.table import StateTable

__all__ = ["AccountMerges"]

_AT_THE_TARGET = {ADOPT, FOLLOW, RELEASE}
_AT_THE_SOURCE = {MERGE, UNMERGE, GIVE_BACK}
_SOON = timedelta(seconds=2)

log = structlog.get_logger(__name__)


class AccountMerges:
    """Carries out merges at the sink, and upserts of accounts that take part in one."""

    def __init__(self, sink: AccountSink, table: StateTable, clock: Clock, metrics: Metrics) -> None:
        self._sink = sink
        self._table = table
        self._clock = clock
        self._metrics = metrics

    async def stored(self, job: Job, command: UpsertAccount, account: Account) -> tuple[Outgoing, ...] | None:
        """Carry out an upsert; None if the account has to do with one deal alone.

        Raises `UnavailableError` or `RefusedError`; the state may be ahead of the sink then, which the
        command's next attempt makes good.
        """
        state = self._recalled(job)
        if state is None:
            if command.opportunity_id in ("", account.opportunity_id):
                return None
            state = await self._begun(account.key) or MergeState(own=account)
        turn = merging.store(state, command, account)
        caused = await self._made_so(
            job, turn, lambda held, kind: fact_of(command, held, job.origin.at, kind), run_id=command.run_id
        )
        return (*caused, success(command, _answer(turn))) if turn.answered else caused

    async def handle(self, job: Job, command: MergeAccounts) -> None:
        """Carry out a merge, or one half of it. Raises `UnreadableError` for what is no such thing."""
        place = command.target_key if command.kind in _AT_THE_TARGET else command.source_key
        if command.kind not in _AT_THE_SOURCE | _AT_THE_TARGET or place != job.key:
            raise UnreadableError(f"a {command.kind!r} of {place!r} does not belong at {job.key!r}")
        try:
            caused = await self._turned(job, command)
        except DealwireError as error:
            self._metrics.add(FAILED_ATTEMPTS, agent="accounts")
            log.warning("merge failed", kind=command.kind, command=command.id, error=str(error))
            caused = (self._failed(job, command, error),)
        await job.emit(*caused)

    async def _turned(self, job: Job, command: MergeAccounts) -> tuple[Outgoing, ...]:
        at = job.origin.at
        state = self._recalled(job) or await self._begun(job.key)
        if state is None:
            return self._missing(job, command)
        match command.kind:
            case "merge":
                turn = merging.merge(state, command, await self._get(command.target_key), at)
            case "unmerge":
                turn = merging.unmerge(state, command, at)
            case "give back":
                turn = merging.give_back(state, command, at)
            case "release":
                turn = merging.release(state, command, at)
            case _:
                turn = merging.adopt(state, command, at)
        caused = await self._made_so(
            job, turn, lambda held, kind: merge_fact(command, held, at, kind), run_id=_run(command)
        )
        log.info(
            "account merges", kind=command.kind, command=command.id, told=turn.told, refused=turn.refused
        )
        if turn.refused:
            caused = (*caused, self._refused(job, command, turn.refused))
        if command.answering is not None:
            caused = (*caused, self._answered(command.answering, turn))
        return caused

    async def _made_so(
        self, job: Job, turn: Turn, fact: Callable[[Account, str], AccountEvent], *, run_id: str
    ) -> tuple[Outgoing, ...]:
        """Remember, then have the sink hold what is to be held, and give what is to be published."""
        await self._remember(job, turn.state)
        await job.settled()
        account = merging.document(turn.state)
        overdue = MERGED if account.merged_into else UPDATED
        kind = turn.told or (overdue if account.revision > turn.state.held else "")
        caused: list[Outgoing] = []
        cause = job.record.id
        if kind:
            write = derived_id("account-write", account.key, str(account.revision))
            held = await hold(self._sink, account, idempotency_key=write)
            if turn.state.held != account.revision:
                await self._remember(job, turn.state.model_copy(update={"held": account.revision}))
            caused += [
                Outgoing(fact(account, kind), account.key, cause=cause, run_id=run_id),
                Outgoing(held, account.key, cause=cause, run_id=run_id),
            ]
        return (*caused, *(_sent(record, cause) for record in turn.sends))

    def _recalled(self, job: Job) -> MergeState | None:
        held = job.recall(self._table)
        return MergeState.model_validate_json(held) if held is not None else None

    async def _remember(self, job: Job, state: MergeState) -> None:
        await job.remember(self._table, state.model_dump_json(exclude_defaults=True).encode())

    async def _begun(self, key: str) -> MergeState | None:
        """Begin with what the sink holds; its writer is this key's worker alone."""
        account = await self._get(key)
        if account is None:
            return None
        if account.merged_into or account.aliases:
            raise BrokenInvariantError(
                "the sink knows of a merge that the table merges does not",
                on=f"account {key}",
                todo="Bring back the table's changelog topic.",
            )
        return MergeState(own=account, held=account.revision)

    async def _get(self, key: str) -> Account | None:
        return await bounded(self._sink.get(key), on=f"account {key}")

    def _missing(self, job: Job, command: MergeAccounts) -> tuple[Outgoing, ...]:
        """Answer for an account that does not exist."""
        if command.kind in (MERGE, UNMERGE):
            return (self._refused(job, command, "there is no such account"),)
        if command.kind not in (ADOPT, FOLLOW):
            return ()
        given = _sent(merging.given_back(command, "the account to merge into does not exist"), command.id)
        if command.answering is None:
            return (given,)
        return given, self._answered(command.answering, None)

    def _answered(self, upsert: UpsertAccount, turn: Turn | None) -> Outgoing:
        if turn is not None and turn.answered:
            return success(upsert, _answer(turn))
        undone = UnavailableError(
            "the merge that the account followed is undone", on=f"command {upsert.id}", retry_after=_SOON
        )
        return failure(upsert, undone, self._clock.now())

    def _refused(self, job: Job, command: MergeAccounts, why: str) -> Outgoing:
        fact = merge_fact(command, self._known(job, command), job.origin.at, MERGE_REFUSED, why)
        return Outgoing(fact, job.key, cause=command.id)

    def _failed(self, job: Job, command: MergeAccounts, error: DealwireError) -> Outgoing:
        if command.answering is not None:
            return failure(command.answering, error, self._clock.now())
        why = masked(str(error))
        fact = merge_fact(command, self._known(job, command), job.origin.at, MERGE_FAILED, why)
        return Outgoing(fact, job.key, cause=command.id)

    def _known(self, job: Job, command: MergeAccounts) -> Account:
        state = self._recalled(job)
        if state is not None:
            return merging.document(state)
        return Account(id=account_id(job.key), org_id=command.org_id, key=job.key, revision=0)


def _answer(turn: Turn) -> dict[str, str]:
    account = merging.document(turn.state)
    return {"account_id": account.id, "account_key": account.key, "revision": str(account.revision)}


def _run(command: MergeAccounts) -> str:
    return command.answering.run_id if command.answering is not None else ""


def _sent(record: MergeAccounts, cause: str) -> Outgoing:
    place = record.target_key if record.kind in _AT_THE_TARGET else record.source_key
    return Outgoing(record, place, cause=cause, run_id=_run(record))

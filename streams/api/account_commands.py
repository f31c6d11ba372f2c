"""`POST /v1/accounts/{account}/commands`: making two accounts one, and taking them apart again."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from processors.account_filling import filled
from processors.commanding import Outcome
from processors.merging import objection
from schemas.account import Account
from schemas.account_merge import MERGE, MergeAccounts
from schemas.audit import FAILED
from schemas.errors import RefusedError, UnavailableError
from schemas.ids import derived_id
from streams.api.account_bodies import AccountAnswer, AccountCommand
from streams.api.accounts import AccountName, one_account, tag_of
from streams.api.audit import Audit
from streams.api.guard import GuardedRoute
from streams.api.keys import key_of
from streams.api.person import person_of
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.tags import MATCHED, may_change

router = APIRouter(prefix="/v1/accounts", route_class=GuardedRoute, tags=["accounts"])

_RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {"model": AccountAnswer, "description": "Asked; nobody has answered yet."}
}


@router.post("/{account}/commands", summary="Merge or unmerge", responses=_RESPONSES, **MATCHED)
async def command_account(
    account: AccountName,
    body: AccountCommand,
    request: Request,
    response: Response,
    services: Annotated[Services, Depends(services_of)],
) -> AccountAnswer:
    """Merge an account into another one, or undo that. A dry run says what the other one would be.

    `If-Match` with the entity tag of the account that somebody looked at refuses it for another one (412).
    The same `Idempotency-Key` is the same command: it is done once, and answered again.
    """
    accounts = await services.accounts.accounts()
    source = one_account(accounts, account)
    target = _target(accounts, body)
    asked = _asked(request, body, source, target)
    done_before = (source.merged_into == target.id) if target is not None else not source.merged_into
    # What this very command changed is no reason to refuse its repeat, nor to leave a half undone.
    if not done_before:
        if not may_change(request, tag_of(source)):
            raise ProblemError(
                412, "The account is not as it was: look at it again.", {"ETag": tag_of(source)}
            )
        _must_be_possible(source, target)
    if body.dry_run:
        return AccountAnswer(outcome="would be", after=filled(target, [source]) if target else None)
    return await _carried_out(request, response, services, asked)


def _target(accounts: Mapping[str, Account], body: AccountCommand) -> Account | None:
    if body.command != MERGE:
        return None
    if not body.into:
        raise ProblemError(422, "A merge needs `into`: the key or id of the account that stays.")
    try:
        return one_account(accounts, body.into)
    except ProblemError:
        raise ProblemError(409, "There is no account like `into`.") from None


def _asked(request: Request, body: AccountCommand, source: Account, target: Account | None) -> MergeAccounts:
    actor, target_key = person_of(request).actor, target.key if target is not None else ""
    return MergeAccounts(
        id=derived_id("command", key_of(request), actor.casefold(), body.command, source.key, target_key),
        org_id=source.org_id,
        kind=body.command,
        source_key=source.key,
        target_key=target_key,
        actor=actor,
        reason=body.reason.strip(),
    )


def _must_be_possible(source: Account, target: Account | None) -> None:
    why = ""
    if target is not None:
        why = objection(source, target)
    elif source.aliases:
        why = f"others were merged into this one; name one of them: {', '.join(source.aliases)}"
    if why:
        raise ProblemError(409, why)


async def _carried_out(
    request: Request, response: Response, services: Services, asked: MergeAccounts
) -> AccountAnswer:
    """Ask for it, audited: done, under way (202), or a `ProblemError` (409) with the reason."""
    audit = Audit(request, f"account.{asked.kind}", asked.source_key, org_id=asked.org_id)
    await audit.asked(asked.id)
    try:
        found = await services.merge(asked)
    except (RefusedError, UnavailableError):
        await audit.went(FAILED)
        raise
    if found is not None and not found.done:
        await audit.went(Outcome.REFUSED)
        raise ProblemError(409, found.reason)
    outcome = Outcome.DONE if found is not None else Outcome.UNDER_WAY
    await audit.went(outcome)
    response.status_code = 200 if found is not None else 202
    return AccountAnswer(command_id=asked.id, outcome="done" if found is not None else "under way")

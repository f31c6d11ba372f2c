"""What is told in public about an account that a sink holds now."""

from datetime import datetime

from schemas.account import Account, AccountEvent, UpsertAccount
from schemas.account_merge import MergeAccounts
from schemas.ids import derived_id

CREATED = "account.created"
UPDATED = "account.updated"
MERGED = "account.merged"
UNMERGED = "account.unmerged"
MERGE_REFUSED = "account.merge_refused"
MERGE_FAILED = "account.merge_failed"


def fact_of(command: UpsertAccount, account: Account, at: datetime, kind: str = "") -> AccountEvent:
    """Give the fact that a carried-out command makes true.

    The first revision is the one that creates, unless `kind` says otherwise. What the sink said does not
    count: asked again after a crash it says "held already", and the fact must stay the same.
    """
    return AccountEvent(
        id=derived_id("account-event", command.id),
        org_id=command.org_id,
        kind=kind or (CREATED if account.revision == 1 else UPDATED),
        account_id=account.id,
        account_key=account.key,
        opportunity_id=command.opportunity_id,
        revision=account.revision,
        run_id=command.run_id,
        command_id=command.id,
        at=at,
    )


def merge_fact(
    command: MergeAccounts, account: Account, at: datetime, kind: str, reason: str = ""
) -> AccountEvent:
    """Give the fact that a merge makes true of one of its two accounts, or why it does not."""
    answering = command.answering
    return AccountEvent(
        id=derived_id("account-event", command.id, kind),
        org_id=command.org_id,
        kind=kind,
        account_id=account.id,
        account_key=account.key,
        opportunity_id=account.opportunity_id,
        revision=account.revision,
        run_id=answering.run_id if answering is not None else "",
        command_id=command.command_id or command.id,
        at=at,
        other_key=command.target_key if account.key == command.source_key else command.source_key,
        actor=command.actor,
        reason=reason or command.reason,
    )

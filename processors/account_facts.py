"""What is told in public about an account that a sink holds now."""

from datetime import datetime

from schemas.account import Account, AccountEvent, UpsertAccount
from schemas.ids import derived_id

CREATED = "account.created"
UPDATED = "account.updated"


def fact_of(command: UpsertAccount, account: Account, at: datetime) -> AccountEvent:
    """Give the fact that a carried-out command makes true.

    The first revision is the one that creates. What the sink said does not count: asked again after a crash
    it says "held already", and the fact must stay the same.
    """
    return AccountEvent(
        id=derived_id("account-event", command.id),
        org_id=command.org_id,
        kind=CREATED if account.revision == 1 else UPDATED,
        account_id=account.id,
        account_key=account.key,
        opportunity_id=command.opportunity_id,
        revision=account.revision,
        run_id=command.run_id,
        command_id=command.id,
        at=at,
    )

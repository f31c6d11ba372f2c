"""Merging accounts: what is asked, what the two accounts' workers tell each other, what is remembered."""

from typing import ClassVar

from schemas.account import Account, UpsertAccount
from schemas.base import Moment, Part, Record

MERGE = "merge"
UNMERGE = "unmerge"
ADOPT = "adopt"
FOLLOW = "follow"
RELEASE = "release"
GIVE_BACK = "give back"


class MergeAccounts(Record):
    """Asks for a merge, or carries one on at the other account; `kind` says which, the Kafka key at whom.

    - `merge` and `unmerge`, at the source: a person's command.
    - `adopt`, `follow` and `release`, at the target: the source was merged, has news, is no longer merged.
    - `give back`, at the source: the target would not have it.

    `turn` counts the source's merges and unmerges, so that a late word about an earlier one is known as such.
    `source` is what the source's own run says; `answering` is the upsert that `follow` answers, without its
    account. `command_id` is that of the person's command behind it all.
    """

    ce_type: ClassVar[str] = "dealwire.account.merge"

    kind: str = MERGE
    source_key: str = ""
    target_key: str = ""
    actor: str = ""
    reason: str = ""
    turn: int = 0
    source: Account | None = None
    answering: UpsertAccount | None = None
    command_id: str = ""


class JoinedDeal(Part):
    """A deal that joined an existing account: the account as it was then, and what the deal's run says."""

    opportunity_id: str
    seen: Account
    says: Account


class MergeState(Part):
    """What is remembered of an account that merges or several deals shape; `merging.document` is public.

    `own` is what its own run says, with the run's revision; `joined` are other deals that write it, `joins`
    how often they did, and `changes` how often merges changed it; both are added to the revision. While
    merged, `shown` keeps the account as it was then. `fills` are the accounts merged into this one, in the
    order they came; `turns` the latest turn known of each source. `asked` holds the ids of the last
    commands, `last` that of the last input which changed something. `held` is the revision that the sink is
    known to hold; a lower one than the document's is made good with the next input.
    """

    own: Account
    joined: tuple[JoinedDeal, ...] = ()
    joins: int = 0
    changes: int = 0
    changed_at: Moment | None = None
    merged_into: str = ""
    shown: Account | None = None
    turn: int = 0
    latest_target: str = ""
    fills: tuple[Account, ...] = ()
    turns: dict[str, int] = {}
    asked: tuple[str, ...] = ()
    last: str = ""
    refusal: str = ""
    held: int = 0

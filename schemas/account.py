"""The customer account a deal becomes, and what is asked and told about it."""

from datetime import date
from typing import ClassVar

from schemas.base import Moment, Money, Part, Record
from schemas.deal import CustomValue


class ContactPoint(Part):
    """How to reach the customer's primary contact."""

    name: str = ""
    email: str | None = None
    phone: str | None = None
    title: str | None = None


class Csm(Part):
    """The customer success manager who gets the account."""

    name: str = ""
    email: str = ""


class AppliedTemplate(Part):
    """A named template as it was filled for this account: section name to text."""

    name: str = ""
    sections: dict[str, str] = {}


class Account(Record):
    """The account as it stands; the latest revision per key is the truth.

    `id` is computed from `key`, and `key` from org and opportunity, so that a second create is the same
    account. A writer sends the whole account with the next revision; a lower revision never replaces a
    higher one. With `merged_into`, the id of another account, this one is no account of its own any more: go
    by that one. `aliases` are the keys of those merged into this one.
    """

    ce_type: ClassVar[str] = "dealwire.account"

    key: str = ""
    revision: int = 1
    opportunity_id: str = ""
    salesforce_account_id: str | None = None
    name: str = ""
    company_name: str | None = None
    arr: Money | None = None
    currency: str | None = None
    close_date: date | None = None
    ae_email: str | None = None
    primary_contact: ContactPoint | None = None
    website: str | None = None
    industry: str | None = None
    size: int | None = None
    csm: Csm | None = None
    template: AppliedTemplate | None = None
    custom: dict[str, CustomValue] = {}
    run_id: str = ""
    updated_at: Moment | None = None
    merged_into: str = ""
    aliases: tuple[str, ...] = ()


class UpsertAccount(Record):
    """Asks the account sink to hold `account`. `id` is the effect id and the sink's idempotency key.

    `account` is of the command's own opportunity, or of another one's that this deal joins: then it is what
    the deal saw, with the deal's values put in.
    """

    ce_type: ClassVar[str] = "dealwire.account.upsert"

    opportunity_id: str = ""
    run_id: str = ""
    step_id: str = ""
    attempt: int = 1
    account: Account | None = None


class FindAccounts(Record):
    """Asks which accounts are the same customer as `account`, a draft that nobody holds yet.

    Answered to the inbox with `matches` in the output: JSON text, a list of objects with `account_id`,
    `key`, `name`, `by` (`salesforce_account_id`, `domain` or `name`), `score` (up to 1) and the whole
    `account`, the surest first, at most five.
    """

    ce_type: ClassVar[str] = "dealwire.account.find"

    opportunity_id: str = ""
    run_id: str = ""
    step_id: str = ""
    attempt: int = 1
    account: Account | None = None


class AccountEvent(Record):
    """A fact about an account; `kind` says which.

    `account.created`, `account.updated`; `account.merged` (into the account of `other_key`) and
    `account.unmerged`; `account.merge_refused` and `account.merge_failed`, which changed nothing here and
    say why in `reason`. `actor` is who asked for it, where a person did.
    """

    ce_type: ClassVar[str] = "dealwire.account.event"

    kind: str = ""
    account_id: str = ""
    account_key: str = ""
    opportunity_id: str = ""
    revision: int = 1
    run_id: str = ""
    command_id: str = ""
    at: Moment | None = None
    other_key: str = ""
    actor: str = ""
    reason: str = ""

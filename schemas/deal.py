"""The enriched deal: everything a workflow may know of an opportunity, as of one moment.

These are the only records that carry contact details and note text; they expire.
"""

from datetime import date
from typing import ClassVar

from schemas.base import Moment, Money, Part, Record


class CustomValue(Part):
    """A custom field's value as canonical text beside its Salesforce type (currency, date, boolean, ...)."""

    type: str = "string"
    value: str | None = None


class Person(Part):
    """A user of the org, or somebody of ours."""

    id: str = ""
    name: str = ""
    email: str | None = None
    active: bool = True
    manager_email: str | None = None


class Opportunity(Part):
    """The deal itself. The amount is in `currency`, the record's own; no conversion is made."""

    id: str = ""
    name: str = ""
    stage: str = ""
    amount: Money | None = None
    currency: str | None = None
    close_date: date | None = None
    type: str | None = None
    lead_source: str | None = None
    next_step: str | None = None
    description: str | None = None
    is_closed: bool = False
    is_won: bool = False
    owner: Person | None = None
    custom: dict[str, CustomValue] = {}


class Company(Part):
    """The Salesforce account of the deal."""

    id: str = ""
    name: str = ""
    website: str | None = None
    industry: str | None = None
    employees: int | None = None
    phone: str | None = None
    billing_country: str | None = None
    owner_email: str | None = None
    custom: dict[str, CustomValue] = {}


class Contact(Part):
    """A person at the customer, through a contact role of the opportunity; the primary one comes first."""

    id: str = ""
    name: str = ""
    email: str | None = None
    phone: str | None = None
    title: str | None = None
    role: str | None = None
    primary: bool = False


class Note(Part):
    """A note on the deal: `source` is `Note` (legacy, plain text) or `ContentNote` (text preview)."""

    id: str = ""
    title: str = ""
    text: str = ""
    truncated: bool = False
    created_at: Moment | None = None
    author: str | None = None
    source: str = "Note"


class Activity(Part):
    """A task or an event of the deal; `kind` is `Task` or `Event`."""

    id: str = ""
    kind: str = "Task"
    subject: str = ""
    status: str | None = None
    on: date | None = None
    owner: str | None = None


class StageMove(Part):
    """One row of the opportunity's stage history, newest first."""

    stage: str = ""
    at: Moment | None = None
    by: str | None = None


class EnrichedDeal(Record):
    """An opportunity with its account, contacts, notes and activities, as read at `as_of`.

    `request_id` names the enrichment request it answers. `unreadable_fields` are those that field-level
    security hides from the integration user; `truncated` names lists that had more rows than are here.
    """

    ce_type: ClassVar[str] = "dealwire.opportunity.enriched"

    opportunity_id: str = ""
    request_id: str = ""
    run_id: str = ""
    as_of: Moment | None = None
    opportunity: Opportunity
    account: Company | None = None
    contacts: tuple[Contact, ...] = ()
    notes: tuple[Note, ...] = ()
    activities: tuple[Activity, ...] = ()
    stage_history: tuple[StageMove, ...] = ()
    unreadable_fields: tuple[str, ...] = ()
    truncated: tuple[str, ...] = ()
    entered_stage: str = ""
    """The stage whose entry this deal was read for; empty where it was read for another reason."""
    entered_at: Moment | None = None
    previous_stage: str | None = None
    """The stage before that entry: as it was heard, else as the stage history says; None if neither knows."""


class EnrichmentRequest(Record):
    """Asks for one opportunity's enriched deal. `id` is the effect id of the asking run's fetch."""

    ce_type: ClassVar[str] = "dealwire.enrichment.request"

    opportunity_id: str = ""
    run_id: str = ""
    stage_entry_id: str = ""
    attempt: int = 1
    custom_fields: tuple[str, ...] = ()
    """Further fields that the run's workflow reads, as API names: `Term_Months__c`, `Account.Region__c`."""
    entered_stage: str = ""
    entered_at: Moment | None = None
    previous_stage: str | None = None

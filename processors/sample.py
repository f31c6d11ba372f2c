"""A deal with a value under every name there is: what `dealwire workflows lint` tries definitions on."""

from datetime import UTC, date, datetime
from decimal import Decimal

from processors.context import Context, context
from schemas.account import Account, AppliedTemplate, ContactPoint, Csm
from schemas.deal import Activity, Company, Contact, EnrichedDeal, Note, Opportunity, Person, StageMove

_ORG = "00D5g000000Jm5XEAS"
_MOMENT = datetime(2026, 9, 15, 8, 30, 12, tzinfo=UTC)

DEAL = EnrichedDeal(
    id="sample",
    org_id=_ORG,
    opportunity_id="0065g00000Zk1QaAAJ",
    as_of=_MOMENT,
    opportunity=Opportunity(
        id="0065g00000Zk1QaAAJ",
        name="Acme - Onboarding 2026",
        stage="Closed Won",
        amount=Decimal(40000),
        currency="EUR",
        close_date=date(2026, 9, 30),
        type="New Customer",
        lead_source="Web",
        next_step="Kick-off",
        description="Fifty seats",
        is_closed=True,
        is_won=True,
        owner=Person(
            id="0055g000004Tz8WAAS", name="Sam Rep", email="sam@acme.example", manager_email="m@acme.example"
        ),
    ),
    account=Company(
        id="0015g00000Bx7RtAAJ",
        name="Acme",
        website="https://acme.example",
        industry="Energy",
        employees=500,
        phone="+1 555 0100",
        billing_country="Norway",
        owner_email="sam@acme.example",
    ),
    contacts=(
        Contact(
            id="0035g00000Mn2KpAAJ",
            name="Kim Customer",
            email="kim@customer.example",
            phone="+1 555 0101",
            title="Head of Operations",
            role="Decision Maker",
            primary=True,
        ),
    ),
    notes=(
        Note(
            id="0025g00000abcdeAAA",
            title="Call",
            text="Wants to start in October",
            created_at=_MOMENT,
            author="s",
        ),
    ),
    activities=(
        Activity(id="00T5g00000abcdeEAA", subject="Call", status="Open", on=date(2026, 9, 20), owner="Sam"),
    ),
    stage_history=(StageMove(stage="Closed Won", at=_MOMENT, by="Sam"),),
)

ACCOUNT = Account(
    id="sample",
    org_id=_ORG,
    key=f"{_ORG}:0065g00000Zk1QaAAJ",
    opportunity_id="0065g00000Zk1QaAAJ",
    name="Acme",
    company_name="Acme",
    arr=Decimal(40000),
    currency="EUR",
    close_date=date(2026, 9, 30),
    ae_email="sam@acme.example",
    primary_contact=ContactPoint(name="Kim Customer", email="kim@customer.example"),
    csm=Csm(name="Cleo", email="cleo@acme.example"),
    template=AppliedTemplate(name="standard"),
    updated_at=_MOMENT,
)

CSM = Csm(name="Cleo", email="cleo@acme.example")


def names(*, account: bool = True, csm: bool = True) -> Context:
    """Give the names a step may use, before or after there is an account and a CSM."""
    return context(DEAL, ACCOUNT if account else None, CSM if csm else None)

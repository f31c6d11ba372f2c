"""Opportunities with their way through the stages so far, and the people on them."""

from datetime import datetime, timedelta
from decimal import Decimal

from connectors.salesforce.simulator.derive.opportunities import expected
from connectors.salesforce.simulator.objects import Value
from connectors.salesforce.simulator.objects.opportunity import FORECAST_NAMES, SEGMENTS, STAGES
from connectors.salesforce.simulator.seed.garden import Company, Deal, Garden

__all__ = ["plant_deal"]

_STAGES = {name: (Decimal(probability), category) for name, probability, category in STAGES}
_OPEN = tuple(name for name, _, _ in STAGES if not name.startswith("Closed"))
_WON, _LOST = "Closed Won", "Closed Lost"
_WON_SHARE, _LOST_SHARE = 0.15, 0.15
_AMOUNTS = (5_000, 2_000_000)
_SEGMENT_FROM = ((500_000, SEGMENTS[2]), (100_000, SEGMENTS[1]), (0, SEGMENTS[0]))
_WORDS = ("Platform", "Onboarding", "Expansion", "Pilot", "Renewal", "Rollout", "Migration", "Licences")
_NO_AMOUNT, _NO_ROLE, _NO_PRIMARY = 0.03, 0.15, 0.12
_ROLES = ("Decision Maker", "Economic Buyer", "Evaluator", "Executive Sponsor", "Business User")


def plant_deal(garden: Garden, company: Company) -> Deal:
    """Plant an opportunity in some stage, with the history of how it came there and its contact roles."""
    chance = garden.chance
    draw = chance.random()
    if draw < _WON_SHARE + _LOST_SHARE:
        stage = _WON if draw < _WON_SHARE else _LOST
    else:
        stage = chance.choice(_OPEN)
    probability, category = _STAGES[stage]
    made = garden.ago(timedelta(days=300), timedelta(days=1))
    changed = garden.between(made, garden.now)
    amount = None if chance.random() < _NO_AMOUNT else _amount(garden)
    closed = stage in (_WON, _LOST)
    close_date = changed.date() if closed else garden.now.date() + timedelta(days=chance.randint(5, 180))
    values: dict[str, Value] = {
        "AccountId": company.account_id,
        "IsPrivate": False,
        "Name": f"{company.name} - {chance.choice(_WORDS)} {close_date.year}",
        "StageName": stage,
        "Amount": amount,
        "Probability": probability,
        "ExpectedRevenue": expected(amount, probability),
        "CloseDate": close_date,
        "Type": chance.choice(("New Customer", "Existing Customer - Upgrade", None)),
        "LeadSource": chance.choice(("Web", "Phone Inquiry", "Partner Referral", None)),
        "NextStep": chance.choice(("Call back", "Send contract", "Demo", None)),
        "IsClosed": closed,
        "IsWon": stage == _WON,
        "ForecastCategory": category,
        "ForecastCategoryName": FORECAST_NAMES[category],
        "HasOpportunityLineItem": False,
        "OwnerId": company.owner_id,
        "CurrencyIsoCode": company.currency,
        "Term_Months__c": chance.choice((Decimal(12), Decimal(12), Decimal(24), Decimal(36), None)),
        "CSM__c": chance.choice(garden.csms) if stage == _WON else None,
        "Segment__c": next(name for least, name in _SEGMENT_FROM if (amount or 0) >= least),
    }
    path = _path(garden, stage)
    moments = sorted(garden.between(made, changed) for _ in path[1:])
    if moments:
        moments[-1] = changed
        values["LastStageChangeDate"] = changed
    deal_id = garden.put("Opportunity", values, company.owner_id, made, changed)
    for step, moment in zip(path, [made, *moments], strict=True):
        _history(garden, deal_id, step, values, by=company.owner_id, moment=moment)
    _roles(garden, deal_id, company, made)
    return Deal(deal_id, company, made, changed)


def _amount(garden: Garden) -> Decimal:
    low, high = _AMOUNTS
    # Even on a logarithmic scale: many small deals, few large ones.
    return Decimal(round(low * (high / low) ** garden.chance.random(), -2)).quantize(Decimal("0.01"))


def _path(garden: Garden, stage: str) -> list[str]:
    before = _OPEN if stage not in _OPEN else _OPEN[: _OPEN.index(stage)]
    steps = sorted(garden.chance.sample(range(len(before)), min(len(before), garden.chance.randint(0, 2))))
    return [*(before[step] for step in steps), stage]


def _history(
    garden: Garden, deal_id: str, stage: str, deal: dict[str, Value], *, by: str, moment: datetime
) -> None:
    probability, category = _STAGES[stage]
    row: dict[str, Value] = {
        "OpportunityId": deal_id,
        "StageName": stage,
        "Amount": deal["Amount"],
        "ExpectedRevenue": expected(deal["Amount"], probability),
        "CloseDate": deal["CloseDate"],
        "Probability": probability,
        "ForecastCategory": category,
    }
    garden.put("OpportunityHistory", row, by, moment)


def _roles(garden: Garden, deal_id: str, company: Company, made: datetime) -> None:
    chance = garden.chance
    if not company.contacts or chance.random() < _NO_ROLE:
        return
    people = chance.sample(company.contacts, chance.randint(1, min(3, len(company.contacts))))
    primary = None if chance.random() < _NO_PRIMARY else chance.choice(people)
    for person in people:
        row: dict[str, Value] = {
            "OpportunityId": deal_id,
            "ContactId": person,
            "Role": chance.choice(_ROLES),
            "IsPrimary": person == primary,
        }
        garden.put("OpportunityContactRole", row, company.owner_id, made)

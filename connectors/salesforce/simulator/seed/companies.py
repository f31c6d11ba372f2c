"""Companies and the people who work there."""

import re
from datetime import timedelta
from decimal import Decimal

from connectors.salesforce.simulator.objects.currencies import CURRENCIES
from connectors.salesforce.simulator.objects.people import INDUSTRIES
from connectors.salesforce.simulator.seed.garden import Company, Garden

__all__ = ["plant_company"]

_FORMS = ("Inc", "LLC", "Group", "Ltd", "and Sons", "PLC", "Labs", "Systems", "Partners")
_NOT_IN_HOSTS = re.compile(r"[^a-z0-9]+")
_CONTACTS = (0, 1, 1, 2, 2, 2, 3, 4)
_WITHOUT_MAIL = 0.08
_OPTED_OUT = 0.05
_TWO_YEARS, _YEAR = timedelta(days=730), timedelta(days=365)


def plant_company(garden: Garden) -> Company:
    """Plant an account with none to four contacts, some of whom have no mail address."""
    chance, pools = garden.chance, garden.pools
    name = (
        f"{chance.choice(pools.company_words)} {chance.choice(pools.company_words)} {chance.choice(_FORMS)}"
    )
    host = f"www.{_NOT_IN_HOSTS.sub('-', name.lower())}.example"
    city, state, code, country = chance.choice(pools.places)
    owner = chance.choice(garden.reps)
    employees = int(10 ** chance.uniform(1, 4.5))
    made = garden.ago(_TWO_YEARS, _YEAR)
    currency = chance.choice(CURRENCIES)[0] if "CurrencyType" in garden.org.objects else None
    account_id = garden.put(
        "Account",
        {
            "Name": name,
            "Type": "Prospect",
            "Industry": chance.choice(INDUSTRIES),
            "Website": f"https://{host}",
            "Phone": _phone(garden),
            "NumberOfEmployees": employees,
            "AnnualRevenue": Decimal(employees * chance.randint(50, 300) * 1_000),
            "BillingStreet": f"{chance.randint(1, 999)} {chance.choice(pools.streets)}",
            "BillingCity": city,
            "BillingState": state,
            "BillingPostalCode": code,
            "BillingCountry": country,
            "OwnerId": owner,
            "CurrencyIsoCode": currency,
        },
        owner,
        made,
    )
    contacts = tuple(
        _contact(garden, account_id, owner, host.removeprefix("www."))
        for _ in range(chance.choice(_CONTACTS))
    )
    return Company(account_id, name, owner, currency, contacts)


def _contact(garden: Garden, account_id: str, owner: str, host: str) -> str:
    chance, pools = garden.chance, garden.pools
    first, last = chance.choice(pools.first_names), chance.choice(pools.last_names)
    with_mail = chance.random() >= _WITHOUT_MAIL
    return garden.put(
        "Contact",
        {
            "AccountId": account_id,
            "FirstName": first,
            "LastName": last,
            "Name": f"{first} {last}",
            "Email": f"{first}.{last}@{host}".lower()[:80] if with_mail else None,
            "Phone": _phone(garden),
            "Title": chance.choice(pools.titles),
            "OwnerId": owner,
            "HasOptedOutOfEmail": chance.random() < _OPTED_OUT,
            "IsEmailBounced": False,
        },
        owner,
        garden.ago(_YEAR, timedelta(days=300)),
    )


def _phone(garden: Garden) -> str:
    # 555-01xx is kept for fiction.
    return f"({garden.chance.randint(201, 989)}) 555-01{garden.chance.randint(0, 99):02}"

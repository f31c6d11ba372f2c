"""What every org has from the beginning: the organization, its stages and two users."""

from decimal import Decimal
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.objects import Value
from connectors.salesforce.simulator.objects.currencies import CORPORATE, CURRENCIES
from connectors.salesforce.simulator.objects.opportunity import FORECAST_NAMES, STAGES

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["lay", "user_row"]

_STEP = 2


def lay(org: "Org") -> tuple[str, str]:
    """Lay the ground, and give the ids of the administrator and of the integration user."""
    admin = org.ids.mint("005")
    integration = org.ids.mint("005")
    stamps: dict[str, Value] = {
        "CreatedDate": (now := org.clock.now().replace(microsecond=0)),
        "LastModifiedDate": now,
        "SystemModstamp": now,
        "CreatedById": admin,
        "LastModifiedById": admin,
    }
    org.store.put(
        "Organization",
        {
            "Id": org.org_id,
            "Name": "Acme",
            "InstanceName": "SIM1",
            "OrganizationType": org.limits.allocation.title,
            "IsSandbox": False,
            "DefaultLocaleSidKey": "en_US",
            "LanguageLocaleKey": "en_US",
            "TimeZoneSidKey": "GMT",
            "Country": "US",
            **stamps,
        },
    )
    suffix = f"{org.org_id[:15].lower()}.example"
    for user_id, first, last in ((admin, "Ada", "Admin"), (integration, "Integration", "User")):
        org.store.put("User", {**stamps, **user_row(user_id, first, last, f"{first.lower()}@{suffix}")})
    for place, (name, probability, category) in enumerate(STAGES, start=1):
        org.store.put(
            "OpportunityStage",
            {
                "Id": org.ids.mint("01J"),
                "IsDeleted": False,
                "ApiName": name,
                "MasterLabel": name,
                "IsActive": True,
                "SortOrder": place * _STEP - 1,
                "IsClosed": name.startswith("Closed"),
                "IsWon": name == "Closed Won",
                "ForecastCategory": category,
                "ForecastCategoryName": FORECAST_NAMES[category],
                "DefaultProbability": Decimal(probability),
                **stamps,
            },
        )
    if "CurrencyType" in org.objects:
        for name, rate in CURRENCIES:
            row: dict[str, Value] = {
                "Id": org.ids.mint("01L"),
                "IsoCode": name,
                "ConversionRate": Decimal(rate),
                "DecimalPlaces": 2,
                "IsActive": True,
                "IsCorporate": name == CORPORATE,
            }
            org.store.put("CurrencyType", row | stamps)
    return admin, integration


def user_row(user_id: str, first: str, last: str, username: str) -> dict[str, Value]:
    """Give the row of an active user."""
    return {
        "Id": user_id,
        "Username": username,
        "FirstName": first,
        "LastName": last,
        "Name": f"{first} {last}",
        "Email": username,
        "Alias": f"{first[0]}{last}"[:8].lower(),
        "IsActive": True,
        "UserType": "Standard",
        "TimeZoneSidKey": "GMT",
        "LocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
    }

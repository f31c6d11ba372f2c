"""What an org with several currencies has more: the currencies, and on records the one that they are in."""

from dataclasses import replace

from connectors.salesforce.simulator.objects.fields import (
    audit,
    flag,
    identity,
    number,
    picklist,
    read_only,
    system,
    text,
)
from connectors.salesforce.simulator.objects.types import FieldType, Objects, ObjectType

__all__ = ["CORPORATE", "CURRENCIES", "with_currencies"]

CORPORATE = "USD"
# Code and how many of it are one of the corporate currency.
CURRENCIES = ((CORPORATE, "1"), ("EUR", "0.92"), ("GBP", "0.79"), ("SEK", "10.6"))
_WITH_MONEY = ("Account", "Contact", "Opportunity", "User", "Onboarding__c")

CURRENCY_TYPE = ObjectType(
    "CurrencyType",
    "Currency Type",
    "Currency Types",
    "01L",
    (
        identity("Currency Type")[0],
        text("IsoCode", "Currency ISO Code", length=3, name_field=True, permissionable=False, **read_only),
        number("ConversionRate", kind="double", scale=6, permissionable=False, **read_only),
        number("DecimalPlaces", kind="int", permissionable=False, **read_only),
        flag("IsActive", "Active", permissionable=False, **read_only),
        flag("IsCorporate", "Corporate", permissionable=False, **read_only),
        *audit(),
        *system(),
    ),
    createable=False,
    updateable=False,
    deletable=False,
)


def with_currencies(objects: Objects) -> Objects:
    """Give the same objects with a currency on each that holds money or a person's preference."""
    code = picklist(
        "CurrencyIsoCode",
        [name for name, _ in CURRENCIES],
        "Currency ISO Code",
        length=3,
        restricted=True,
        nillable=False,
        default=CORPORATE,
        permissionable=False,
    )
    return Objects(
        (
            *(_plus(kind, code) if kind.name in _WITH_MONEY else kind for kind in objects.values()),
            CURRENCY_TYPE,
        )
    )


def _plus(kind: ObjectType, code: FieldType) -> ObjectType:
    standard = [item for item in kind.fields if not item.custom]
    custom = [item for item in kind.fields if item.custom]
    return replace(kind, fields=(*standard, code, *custom))

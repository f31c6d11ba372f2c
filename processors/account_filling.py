"""Whose word counts when accounts are merged: an account keeps what it says, and is silent about nothing."""

from collections.abc import Iterable

from schemas.account import Account
from schemas.base import Part

__all__ = ["FIELDS", "filled", "is_blank"]

FIELDS = (
    "salesforce_account_id",
    "name",
    "company_name",
    "close_date",
    "ae_email",
    "primary_contact",
    "website",
    "industry",
    "size",
    "csm",
    "template",
)
"""What an account says of the customer, but for amounts and custom fields."""


def filled(own: Account, others: Iterable[Account]) -> Account:
    """Give `own` with its blanks filled from the others, the first that has a value.

    A value that is there is never replaced. An amount comes with its currency, a contact or template as a
    whole, custom fields one by one.
    """
    values = {name: getattr(own, name) for name in (*FIELDS, "arr", "currency")}
    custom = dict(own.custom)
    for other in others:
        for name in FIELDS:
            if is_blank(values[name]):
                values[name] = getattr(other, name)
        if values["arr"] is None and values["currency"] in (None, other.currency):
            values |= {"arr": other.arr, "currency": values["currency"] or other.currency}
        for name, value in other.custom.items():
            if name not in custom or custom[name].value is None:
                custom[name] = value
    return own.model_copy(update={**values, "custom": custom})


def is_blank(value: object) -> bool:
    """Whether a field says nothing."""
    if isinstance(value, Part):
        return not value.model_dump(exclude_defaults=True)
    return value is None or value == ""

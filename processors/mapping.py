"""Fills an account from a deal, as a mapping says; exactly, or not at all.

ARR is `annualise`: twelve times the amount over the term in months where a term is mapped, else the amount,
in the record's own currency (no conversion is made).
"""

from collections.abc import Mapping as MappingOf
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from processors.context import Context, lookup, paths
from schemas.account import Account, ContactPoint
from schemas.deal import CustomValue, EnrichedDeal
from schemas.definition.documents import FieldMapping, Mapping
from schemas.errors import StepError
from schemas.ids import account_id

_CENTS = Decimal("0.0001")
_LARGEST = Decimal(10) ** 20  # what schemas.base.Money holds before its point
_CUSTOM = "custom."
TARGETS = frozenset(
    {
        "name",
        "company_name",
        "arr",
        "currency",
        "close_date",
        "ae_email",
        "primary_contact",
        "website",
        "industry",
        "size",
        "salesforce_account_id",
    }
)
"""The fields of an account that a mapping may fill, beside `custom.NAME`."""


def custom_fields(mappings: MappingOf[str, Mapping], expressions: str = "") -> tuple[str, ...]:
    """Give the custom fields of Salesforce that these speak of: `Region__c`, `Account.Tier__c`."""
    sources = [
        path
        for each in mappings.values()
        for field in each.fields
        for path in (field.source, field.term or "")
    ]
    found = set()
    for path in [*sources, *paths(expressions)]:
        root, _, rest = path.partition(f".{_CUSTOM}")
        if rest:
            found.add(rest if root == "deal" else f"Account.{rest}")
    return tuple(sorted(found))


def fill(deal: EnrichedDeal, names: Context, mapping: Mapping, key: str) -> Account:
    """Give the account that a deal becomes. Raises `StepError` naming field, value and opportunity."""
    values: dict[str, Any] = {}
    custom: dict[str, CustomValue] = {}
    for field in mapping.fields:
        try:
            found = _value(field, names)
        except (InvalidOperation, ValueError, TypeError, KeyError) as error:
            raise _failed(deal, field, f"{error.args[0] if error.args else error!r}") from None
        if found is None or found == "":
            if field.required:
                raise _failed(deal, field, "it is empty and required")
            continue
        if field.target.startswith(_CUSTOM):
            custom[field.target.removeprefix(_CUSTOM)] = CustomValue(type=_type(found), value=_text(found))
        elif field.target not in TARGETS:
            raise _failed(deal, field, f"an account has no field {field.target}")
        else:
            values[field.target] = _typed(deal, field, found)
    try:
        return Account(
            id=account_id(key),
            org_id=deal.org_id,
            key=key,
            opportunity_id=deal.opportunity_id,
            custom=custom,
            **{"currency": deal.opportunity.currency, "salesforce_account_id": _account_of(deal), **values},
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        target = str(first["loc"][0]) if first["loc"] else "?"
        field = next((each for each in mapping.fields if each.target == target), mapping.fields[0])
        raise _failed(deal, field, f"{first['input']!r:.80}: {first['msg']}") from None


def _value(field: FieldMapping, names: Context) -> Any:
    found = _found(names, field.source)
    if found is None or found == "":
        found = field.default
    if found is None:
        return None
    match field.transform:
        case "trim":
            return str(found).strip()
        case "upper":
            return str(found).upper()
        case "lower":
            return str(found).lower()
        case "annualise":
            return _annualised(_decimal(found), _found(names, field.term) if field.term else None)
        case "table":
            if str(found) not in field.table:
                raise ValueError(f"{str(found)!r:.60} is not in the table")
            return field.table[str(found)]
        case _:
            return found


def _found(names: Context, path: str) -> Any:
    """Follow a path; a custom field that the org does not give is empty, any other wrong path is an error."""
    try:
        return lookup(names, path)
    except KeyError as missing:
        if f".{_CUSTOM}" in path:
            return None
        raise ValueError(f"there is no {missing.args[0]!r} in {path}") from None


def _annualised(amount: Decimal, term: Any) -> Decimal:
    if term is None or term == "":
        return amount
    months = _decimal(term)
    if months <= 0:
        raise ValueError(f"a term of {months} months")
    return (amount * 12 / months).quantize(_CENTS, ROUND_HALF_EVEN)


def _typed(deal: EnrichedDeal, field: FieldMapping, found: Any) -> Any:
    """Give a value in the form that the account's field has."""
    try:
        match field.target:
            case "arr":
                return _money(_decimal(found))
            case "size":
                return int(_decimal(found))
            case "close_date":
                return found if isinstance(found, date) else date.fromisoformat(str(found))
            case "primary_contact" if isinstance(found, MappingOf):
                return ContactPoint(**{name: found.get(name) for name in ("name", "email", "phone", "title")})
            case "primary_contact":
                return ContactPoint(name=str(found))
            case _:
                return _text(found)
    except (InvalidOperation, ValueError, TypeError) as error:
        reason = f"{found!r:.60} is no {field.target}" if isinstance(error, InvalidOperation) else str(error)
        raise _failed(deal, field, reason) from None


def _money(amount: Decimal) -> Decimal:
    if abs(amount) >= _LARGEST:
        raise ValueError(f"{amount:.3E} is too large for an amount")
    return amount.quantize(_CENTS, ROUND_HALF_EVEN)


def _decimal(found: Any) -> Decimal:
    if isinstance(found, bool):
        raise TypeError(f"{found} is not a number")
    try:
        number = Decimal(str(found))
    except InvalidOperation:
        raise ValueError(f"{str(found)!r:.60} is not a number") from None
    if not number.is_finite():
        raise ValueError(f"{number} is not a number to reckon with")
    return number


def _text(found: Any) -> str:
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, datetime | date):
        return found.isoformat()
    if isinstance(found, MappingOf | list | tuple):
        raise TypeError("it is not a single value")
    return str(found)


def _type(found: Any) -> str:
    match found:
        case bool():
            return "boolean"
        case Decimal() | int():
            return "double"
        case date():
            return "date"
        case _:
            return "string"


def _failed(deal: EnrichedDeal, field: FieldMapping, reason: str) -> StepError:
    return StepError(
        f"{field.source} cannot become {field.target}: {reason}",
        on=f"opportunity {deal.opportunity_id}",
        todo="Mend the field in Salesforce, or the mapping, and run the step again.",
    )


def _account_of(deal: EnrichedDeal) -> str | None:
    return deal.account.id if deal.account is not None and deal.account.id else None

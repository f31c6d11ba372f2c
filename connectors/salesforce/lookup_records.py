"""Makes an enriched deal of a record that Salesforce answered. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from connectors.salesforce.lookup_children import activities, contacts, notes, stage_history
from connectors.salesforce.lookup_query import MOST, LookupQuery
from connectors.salesforce.lookup_values import at, custom_value, decimal, flag, text
from schemas.deal import Company, CustomValue, EnrichedDeal, EnrichmentRequest, Opportunity, Person
from schemas.errors import RefusedError, UnreadableError
from schemas.ids import derived_id, id18

__all__ = ["deal_of"]


def deal_of(
    record: Mapping[str, Any], request: EnrichmentRequest, query: LookupQuery, *, org_id: str, as_of: datetime
) -> EnrichedDeal | RefusedError:
    """Give the deal, or why this record cannot be one: a value beyond what our records hold."""
    opportunity_id = id18(request.opportunity_id)
    hidden = tuple(each for each in request.custom_fields if each not in query.custom)
    try:
        found_notes, notes_cut = notes(record)
        return EnrichedDeal(
            id=derived_id("enriched", request.id),
            org_id=org_id,
            opportunity_id=opportunity_id,
            request_id=request.id,
            run_id=request.run_id,
            as_of=as_of,
            opportunity=_opportunity(record, request, query),
            account=_company(record, request, query),
            contacts=contacts(record),
            notes=found_notes,
            activities=activities(record),
            stage_history=stage_history(record),
            unreadable_fields=tuple(sorted({*query.unreadable, *hidden})),
            truncated=tuple(
                name for name in MOST if _is_cut(record, name) or (name == "Notes" and notes_cut)
            ),
        )
    except (ValidationError, ValueError, TypeError, ArithmeticError, UnreadableError) as error:
        # Only where it is wrong, not what it says: a value may be personal.
        where = (
            ".".join(str(each) for each in error.errors(include_url=False, include_input=False)[0]["loc"])
            if isinstance(error, ValidationError)
            else type(error).__name__
        )
        return RefusedError(
            f"a value of the opportunity cannot be carried: {where}",
            on=f"opportunity {opportunity_id}",
            todo="Mend the value in Salesforce, and ask again.",
        )


def _opportunity(record: Mapping[str, Any], request: EnrichmentRequest, query: LookupQuery) -> Opportunity:
    closes = text(record, "CloseDate")
    return Opportunity(
        id=id18(str(record["Id"])),
        name=text(record, "Name") or "",
        stage=text(record, "StageName") or "",
        amount=decimal(record, "Amount"),
        currency=text(record, "CurrencyIsoCode"),
        close_date=date.fromisoformat(closes) if closes else None,
        type=text(record, "Type"),
        lead_source=text(record, "LeadSource"),
        next_step=text(record, "NextStep"),
        description=text(record, "Description"),
        is_closed=flag(record, "IsClosed"),
        is_won=flag(record, "IsWon"),
        owner=_owner(record),
        custom=_custom(record, request, query, on_account=False),
    )


def _owner(record: Mapping[str, Any]) -> Person | None:
    owner_id = text(record, "OwnerId")
    if owner_id is None:
        return None
    return Person(
        id=owner_id,
        name=text(record, "Owner.Name") or "",
        email=text(record, "Owner.Email"),
        active=flag(record, "Owner.IsActive", default=True),
        manager_email=text(record, "Owner.Manager.Email"),
    )


def _company(record: Mapping[str, Any], request: EnrichmentRequest, query: LookupQuery) -> Company | None:
    account_id = text(record, "AccountId")
    if account_id is None:
        return None
    employees = decimal(record, "Account.NumberOfEmployees")
    return Company(
        id=account_id,
        name=text(record, "Account.Name") or "",
        website=text(record, "Account.Website"),
        industry=text(record, "Account.Industry"),
        employees=None if employees is None else int(employees),
        phone=text(record, "Account.Phone"),
        billing_country=text(record, "Account.BillingCountry"),
        owner_email=text(record, "Account.Owner.Email"),
        custom=_custom(record, request, query, on_account=True),
    )


def _custom(
    record: Mapping[str, Any], request: EnrichmentRequest, query: LookupQuery, *, on_account: bool
) -> dict[str, CustomValue]:
    """Give the further fields of one of the two objects, each under the name that it was asked for by."""
    values: dict[str, CustomValue] = {}
    for asked in request.custom_fields:
        path, kind = query.custom.get(asked, ("", ""))
        if path and path.startswith("Account.") == on_account:
            values[asked.rpartition(".")[2]] = CustomValue(type=kind, value=custom_value(at(record, path)))
    return values


def _is_cut(record: Mapping[str, Any], name: str) -> bool:
    child = record.get(name)
    return isinstance(child, dict) and len(child.get("records") or ()) > MOST[name]

"""The one query that reads a deal with everything around it, of the fields that may be read. Pure.

Source: Object Reference for "Opportunity" and its child relationships; SOQL and SOSL Reference.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.salesforce.describe import Described, SObject
from schemas.errors import BrokenInvariantError
from schemas.ids import is_salesforce_id

__all__ = ["CHILDREN", "MOST", "OBJECTS", "LookupQuery", "build"]

# The object behind each relationship that is followed. `Owner` of activities may also be a queue.
_RELATIONS: Mapping[str, str] = {
    "Owner": "User",
    "Manager": "User",
    "CreatedBy": "User",
    "Account": "Account",
    "Contact": "Contact",
    "ContentDocument": "ContentDocument",
    "LatestPublishedVersion": "ContentVersion",
}
_DEAL = (
    *("Id", "Name", "StageName", "Amount", "CurrencyIsoCode", "CloseDate", "Type", "LeadSource", "NextStep"),
    *("Description", "IsClosed", "IsWon", "OwnerId", "AccountId"),
    *("Owner.Name", "Owner.Email", "Owner.IsActive", "Owner.Manager.Email"),
    *("Account.Name", "Account.Website", "Account.Industry", "Account.NumberOfEmployees", "Account.Phone"),
    *("Account.BillingCountry", "Account.Owner.Email"),
)
# Only in orgs with several currencies; nobody hides it.
_MAY_BE_MISSING = frozenset(["CurrencyIsoCode"])
_NOT_TEXT = frozenset(["base64", "address", "location", "complexvalue", "anyType"])
_CUSTOM = re.compile(r"(?:(Account)\.)?([A-Za-z][A-Za-z0-9_]{0,79})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Child:
    """A child relationship: of which object, which fields, and which rows."""

    sobject: str
    fields: tuple[str, ...]
    rows: str = ""


CHILDREN: Mapping[str, _Child] = {
    "OpportunityContactRoles": _Child(
        "OpportunityContactRole",
        ("ContactId", "Role", "IsPrimary", "Contact.Name", "Contact.Email", "Contact.Phone", "Contact.Title"),
        "ORDER BY IsPrimary DESC, Id",
    ),
    "Notes": _Child(
        "Note",
        ("Id", "Title", "Body", "CreatedDate", "Owner.Name"),
        # A private note is its author's own, even if the integration user could see it.
        "WHERE IsPrivate = false ORDER BY CreatedDate DESC, Id DESC",
    ),
    "ContentDocumentLinks": _Child(
        "ContentDocumentLink",
        (
            *("ContentDocumentId", "ContentDocument.Title", "ContentDocument.FileType"),
            *("ContentDocument.CreatedDate", "ContentDocument.Owner.Name"),
            "ContentDocument.LatestPublishedVersion.TextPreview",
        ),
    ),
    "Tasks": _Child(
        "Task",
        ("Id", "Subject", "Status", "ActivityDate", "Owner.Name"),
        "WHERE IsClosed = false ORDER BY CreatedDate DESC, Id DESC",
    ),
    "Events": _Child(
        "Event", ("Id", "Subject", "ActivityDate", "Owner.Name"), "ORDER BY ActivityDate DESC, Id DESC"
    ),
    "OpportunityHistories": _Child(
        "OpportunityHistory",
        ("StageName", "CreatedDate", "CreatedBy.Name"),
        "ORDER BY CreatedDate DESC, Id DESC",
    ),
}
MOST: Mapping[str, int] = {
    "OpportunityContactRoles": 20,
    "Notes": 10,
    "ContentDocumentLinks": 30,
    "Tasks": 10,
    "Events": 10,
    "OpportunityHistories": 10,
}
"""How many rows of each a deal carries at the most; one more is read, to know whether there are more."""

OBJECTS: tuple[str, ...] = tuple(
    dict.fromkeys(["Opportunity", *_RELATIONS.values(), *(child.sobject for child in CHILDREN.values())])
)
"""All objects that are read, to be described first."""


@dataclass(frozen=True, slots=True)
class LookupQuery:
    """What is selected; `custom` names the readable further fields by what requests call them."""

    select: str
    unreadable: tuple[str, ...]
    custom: Mapping[str, tuple[str, str]]
    """The path of each further field as the org writes it, and its type."""

    def soql(self, ids: Sequence[str]) -> str:
        """Give the query for these opportunities, whose ids were checked."""
        if wrong := [each for each in ids if not is_salesforce_id(each)]:
            raise BrokenInvariantError("text that is no record id on its way into a query", on=wrong[0][:40])
        listed = ",".join(f"'{each}'" for each in ids)
        return f"{self.select} FROM Opportunity WHERE Id IN ({listed})"


def build(described: Described, custom_fields: Iterable[str]) -> LookupQuery:
    """Make the query of what may be read; the rest is named in `unreadable`."""
    deal = described.get("Opportunity", SObject("Opportunity"))
    selected, unreadable = _readable(described, deal, _DEAL)
    custom: dict[str, tuple[str, str]] = {}
    for asked in dict.fromkeys(custom_fields):
        found = _custom(described, deal, asked)
        if found is not None:
            custom[asked] = found
    for path, _ in custom.values():
        if path not in selected:
            selected.append(path)
    for name, child in CHILDREN.items():
        inner, hidden = _readable(described, described.get(child.sobject), child.fields)
        if name not in deal.children or not inner:
            unreadable.append(name)
            continue
        unreadable += [f"{name}.{each}" for each in hidden]
        words = ("SELECT", ", ".join(inner), "FROM", name, child.rows, "LIMIT", str(MOST[name] + 1))
        selected.append(f"({' '.join(word for word in words if word)})")
    return LookupQuery(f"SELECT {', '.join(selected)}", tuple(unreadable), custom)


def _readable(
    described: Described, start: SObject | None, paths: Iterable[str]
) -> tuple[list[str], list[str]]:
    seen: list[str] = []
    hidden: list[str] = []
    for path in paths:
        if _reaches(described, start, path):
            seen.append(path)
        elif path not in _MAY_BE_MISSING:
            hidden.append(path)
    return seen, hidden


def _reaches(described: Described, start: SObject | None, path: str) -> bool:
    *relations, last = path.split(".")
    here = start
    for relation in relations:
        if here is None or f"{relation}Id" not in here.types:
            return False
        here = described.get(_RELATIONS[relation])
    return here is not None and last in here.types


def _custom(described: Described, deal: SObject, asked: str) -> tuple[str, str] | None:
    match = _CUSTOM.fullmatch(asked)
    if match is None:
        return None
    on_account = match[1] is not None
    holder = described.get("Account") if on_account else deal
    name = holder.find(match[2]) if holder is not None else None
    if holder is None or name is None or holder.types[name] in _NOT_TEXT:
        return None
    if on_account and "AccountId" not in deal.types:
        return None
    return f"{'Account.' if on_account else ''}{name}", holder.types[name]

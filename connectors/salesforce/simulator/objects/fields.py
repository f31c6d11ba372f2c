"""Short ways to say a field, with the lengths and precisions that Salesforce gives its kind."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.salesforce.simulator.objects.types import FieldType, PicklistValue

__all__ = [
    "address",
    "audit",
    "flag",
    "identity",
    "lookup",
    "moment",
    "number",
    "owner",
    "picklist",
    "read_only",
    "system",
    "text",
]

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_")
_CLASSIC_LENGTHS = {"email": 80, "phone": 40, "url": 255, "string": 255, "textarea": 32_000}
_NUMBERS = {"currency": (18, 2), "percent": (3, 0), "double": (18, 0), "int": (0, 0)}

read_only: Mapping[str, Any] = {"createable": False, "updateable": False}
"""Passed on to a field that only the org itself writes."""


def _label(name: str) -> str:
    return " ".join(part for part in _WORDS.split(name.removesuffix("__c")) if part)


def text(name: str, label: str = "", *, kind: str = "string", length: int = 0, **rest: Any) -> FieldType:
    """Say a text of some kind: string, textarea, email, phone, url. Long text cannot be filtered on."""
    long = kind == "textarea" and not 0 < length <= _CLASSIC_LENGTHS["string"]
    return FieldType(
        name,
        kind,
        label or _label(name),
        length=length or _CLASSIC_LENGTHS[kind],
        **{"filterable": not long, **rest},
    )


def number(name: str, label: str = "", *, kind: str = "currency", **rest: Any) -> FieldType:
    """Say a number: currency, percent, double or int."""
    precision, scale = _NUMBERS[kind]
    return FieldType(name, kind, label or _label(name), **{"precision": precision, "scale": scale, **rest})


def flag(name: str, label: str = "", **rest: Any) -> FieldType:
    """Say a checkbox, which is false unless set."""
    return FieldType(name, "boolean", label or _label(name), **{"nillable": False, "default": False, **rest})


def moment(name: str, label: str = "", *, kind: str = "datetime", **rest: Any) -> FieldType:
    """Say a datetime or a date."""
    return FieldType(name, kind, label or _label(name), **rest)


def picklist(name: str, values: Iterable[str], label: str = "", **rest: Any) -> FieldType:
    """Say a picklist. It takes other values too unless `restricted`."""
    entries = tuple(PicklistValue(value, value) for value in values)
    return FieldType(name, "picklist", label or _label(name), picklist=entries, **{"length": 255, **rest})


def lookup(name: str, *targets: str, children: str | None = None, label: str = "", **rest: Any) -> FieldType:
    """Say a reference. The parent is reached by the name without `Id` (custom: by `__r`)."""
    parent = f"{name.removesuffix('__c')}__r" if name.endswith("__c") else name.removesuffix("Id")
    return FieldType(
        name,
        "reference",
        label or f"{_label(name.removesuffix('Id'))} ID",
        **{
            "length": 18,
            "reference_to": targets,
            "relationship_name": parent,
            "child_relationship": children,
            **rest,
        },
    )


def owner(**rest: Any) -> FieldType:
    """Say the owner, who is the writer unless somebody else is named."""
    return lookup("OwnerId", "User", label="Owner ID", nillable=False, permissionable=False, **rest)


def address(prefix: str) -> tuple[FieldType, ...]:
    """Say an address: the compound, which only reads, and its components."""
    compound = f"{prefix}Address"
    lengths = {"Street": 255, "City": 40, "State": 80, "PostalCode": 20, "Country": 80}
    parts = tuple(
        text(
            f"{prefix}{part}",
            kind="textarea" if part == "Street" else "string",
            length=length,
            compound=compound,
            component=part,
        )
        for part, length in lengths.items()
    )
    whole = FieldType(compound, "address", _label(compound), filterable=False, in_events=False, **read_only)
    return (*parts, whole)


def identity(label: str) -> tuple[FieldType, ...]:
    """Say the fields that every record starts with."""
    return (
        FieldType(
            "Id",
            "id",
            f"{label} ID",
            length=18,
            nillable=False,
            in_events=False,
            permissionable=False,
            **read_only,
        ),
        flag("IsDeleted", "Deleted", in_events=False, permissionable=False, **read_only),
    )


def audit() -> tuple[FieldType, ...]:
    """Say who made a record and who changed it last, and when."""
    fixed = {**read_only, "nillable": False, "permissionable": False}
    return (
        moment("CreatedDate", **fixed),
        lookup("CreatedById", "User", **fixed),
        moment("LastModifiedDate", **fixed),
        lookup("LastModifiedById", "User", **fixed),
    )


def system() -> tuple[FieldType, ...]:
    """Say the stamp that also moves when the org itself touches a record."""
    return (moment("SystemModstamp", in_events=False, nillable=False, permissionable=False, **read_only),)

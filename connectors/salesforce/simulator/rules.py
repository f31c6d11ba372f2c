"""What a write may do: which objects and fields take it, what must be there, what may be referred to."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.checks import checked
from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.ids import to18
from connectors.salesforce.simulator.objects import FieldType, ObjectType, Row, Value
from schemas.errors import UnreadableError

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["existing", "object_for", "record_id_of", "values_to_create", "values_to_update"]


def object_for(org: "Org", name: str, operation: str) -> ObjectType:
    """Give an object that takes an operation: create, update, delete, undelete."""
    kind = org.objects.find(name)
    if kind is None:
        raise DmlError("NOT_FOUND", "The requested resource does not exist")
    allowed = {"create": kind.createable, "update": kind.updateable}.get(operation, kind.deletable)
    if not allowed:
        raise DmlError("INVALID_TYPE_FOR_OPERATION", f"entity type {kind.name} does not support {operation}")
    return kind


def record_id_of(kind: ObjectType, record_id: str) -> str:
    """Give the 18-character form of an id."""
    try:
        return to18(record_id)
    except UnreadableError:
        message = f"{kind.label} ID: id value of incorrect type: {record_id}"
        raise DmlError("MALFORMED_ID", message, ("Id",)) from None


def existing(org: "Org", kind: ObjectType, record_id: str) -> Row:
    """Give the live record of an id."""
    key = record_id_of(kind, record_id)
    row = org.get(kind.name, key)
    if row is not None:
        return row
    if org.get(kind.name, key, include_deleted=True) is not None:
        raise DmlError("ENTITY_IS_DELETED", "entity is deleted")
    raise DmlError("NOT_FOUND", "The requested resource does not exist")


def values_to_create(
    org: "Org", user_id: str, kind: ObjectType, fields: Mapping[str, object]
) -> dict[str, Value]:
    """Check what a create sends, and give native values."""
    values = _native(org, user_id, kind, fields, None)
    # The writer becomes the owner of what names none.
    _require(
        [
            item.name
            for item in kind.fields
            if item.required and item.name != "OwnerId" and values.get(item.name) is None
        ]
    )
    return values


def values_to_update(
    org: "Org", user_id: str, kind: ObjectType, row: Row, fields: Mapping[str, object]
) -> dict[str, Value]:
    """Check what an update sends, and give native values; None sets null."""
    values = _native(org, user_id, kind, fields, row)
    _require([item.name for item in kind.fields if not item.nillable and values.get(item.name, item) is None])
    return values


def _require(missing: list[str]) -> None:
    if missing:
        raise DmlError(
            "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing
        )


def _field(org: "Org", user_id: str, kind: ObjectType, name: str) -> FieldType:
    item = kind.find(name)
    if item is None or not org.access.readable(user_id, kind.name, item.name):
        raise DmlError("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}", (name,))
    return item


def _native(
    org: "Org", user_id: str, kind: ObjectType, fields: Mapping[str, object], row: Row | None
) -> dict[str, Value]:
    known = {_field(org, user_id, kind, name): value for name, value in fields.items()}
    closed = [
        item.name
        for item in known
        if not (item.createable if row is None else item.updateable)
        or not org.access.editable(user_id, kind.name, item.name)
    ]
    if closed:
        raise DmlError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {', '.join(closed)}. Please check the security settings of "
            "this field and verify that it is read/write for your profile or permission set.",
            closed,
        )
    values = {item.name: checked(item, value) for item, value in known.items()}
    for item in known:
        _check_reference(org, item, values[item.name])
        _check_unique(org, kind, item, values[item.name], row)
    return values


def _check_reference(org: "Org", item: FieldType, value: Value) -> None:
    if item.type != "reference" or not isinstance(value, str):
        return
    target = next((name for name in item.reference_to if org.objects[name].key_prefix == value[:3]), None)
    if target is None:
        raise DmlError("MALFORMED_ID", f"{item.label}: id value of incorrect type: {value}", (item.name,))
    if org.get(target, value) is not None:
        return
    if org.get(target, value, include_deleted=True) is not None:
        raise DmlError("ENTITY_IS_DELETED", "entity is deleted", (item.name,))
    raise DmlError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", (item.name,))


def _check_unique(org: "Org", kind: ObjectType, item: FieldType, value: Value, row: Row | None) -> None:
    if not item.unique or value is None:
        return
    holder = next(iter(org.children(kind.name, item.name, value)), None)
    if holder is not None and (row is None or holder["Id"] != row["Id"]):
        id15 = str(holder["Id"])[:15]
        raise DmlError(
            "DUPLICATE_VALUE",
            f"duplicate value found: {item.name} duplicates value on record with id: {id15}",
            (item.name,),
        )

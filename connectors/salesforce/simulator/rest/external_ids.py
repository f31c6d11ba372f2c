"""Records by an external id: read, upsert, delete.

Source: REST API Developer Guide, "sObject Rows by External ID".
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.objects.types import FieldType, ObjectType, Row
from connectors.salesforce.simulator.rest import records
from connectors.salesforce.simulator.rest.call import Request
from connectors.salesforce.simulator.rest.context import Context, refusal, writing
from connectors.salesforce.simulator.rest.reply import ApiError, Reply, not_found
from connectors.salesforce.simulator.transaction import Transaction

__all__ = ["delete", "external_field", "read", "upsert", "upsert_in"]


def read(context: Context, request: Request) -> Reply:
    """Answer `GET sobjects/X/field/value`."""
    holder, field = _place(context, request)
    row = _one(context, holder, field, request.arguments["value"])
    if row is None:
        raise not_found()
    return Reply(records.shown(context, request, holder, row))


def upsert(context: Context, request: Request) -> Reply:
    """Answer `PATCH sobjects/X/field/value`: 201 when it was created, 200 when it was changed."""
    holder, field = _place(context, request)
    fields = records.written_fields(request.fields())
    named = next((name for name in fields if name.lower() == field.name.lower()), None)
    if named is not None:
        raise ApiError(
            400,
            "INVALID_FIELD",
            f"The {named} field should not be specified in the sobject data.",
            [field.name],
        )
    try:
        with writing(context, request) as transaction:
            record_id, new = upsert_in(transaction, holder, field, request.arguments["value"], fields)
    except DmlError as error:
        raise refusal(error) from error
    if new:
        return records.created(context, request, holder, record_id, created=True)
    return Reply({"id": record_id, "success": True, "errors": [], "created": False})


def upsert_in(
    transaction: Transaction, holder: ObjectType, field: FieldType, value: str, fields: Mapping[str, Any]
) -> tuple[str, bool]:
    """Create or change the record with an external id; give its id, and whether it is new.

    Raises `DmlError`.
    """
    if field.type == "id":
        transaction.update(holder.name, value, fields)
        return value, False
    found = next(iter(transaction.org.children(holder.name, field.name, value)), None)
    if found is None:
        return transaction.create(holder.name, {**fields, field.name: value}), True
    record_id = str(found["Id"])
    transaction.update(holder.name, record_id, fields)
    return record_id, False


def delete(context: Context, request: Request) -> Reply:
    """Answer `DELETE sobjects/X/field/value`."""
    holder, field = _place(context, request)
    row = _one(context, holder, field, request.arguments["value"])
    if row is None:
        raise not_found()
    arguments = {"type": holder.name, "id": str(row["Id"])}
    return records.delete(context, replace(request, arguments=arguments))


def external_field(context: Context, request: Request, holder: ObjectType, name: str) -> FieldType:
    """Find a field that records can be upserted by: an external id, or Id. Raises `ApiError`."""
    field = holder.find(name)
    readable = field is not None and context.org.readable(request.caller.user_id, holder.name, field.name)
    if field is None or not readable or not (field.external_id or field.type == "id"):
        raise ApiError(
            404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name[:100]}"
        )
    return field


def _place(context: Context, request: Request) -> tuple[ObjectType, FieldType]:
    holder = context.object(request.arguments["type"])
    return holder, external_field(context, request, holder, request.arguments["field"])


def _one(context: Context, holder: ObjectType, field: FieldType, value: str) -> Row | None:
    if field.type == "id":
        return context.org.get(holder.name, value)
    return next(iter(context.org.children(holder.name, field.name, value)), None)

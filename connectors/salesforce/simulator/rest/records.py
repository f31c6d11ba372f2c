"""One record: create, read, update, delete by id. Source: REST API Developer Guide, "sObject Rows"."""

from collections.abc import Mapping
from typing import Any

from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.objects.types import FieldType, ObjectType, Row
from connectors.salesforce.simulator.rest import streaming
from connectors.salesforce.simulator.rest.call import Request
from connectors.salesforce.simulator.rest.context import Context, refusal, writing
from connectors.salesforce.simulator.rest.reply import ApiError, Reply, not_found
from connectors.salesforce.simulator.soql.plan import Shape
from schemas.ids import is_salesforce_id

__all__ = ["asked_fields", "create", "created", "delete", "read", "shown", "update", "written_fields"]


def create(context: Context, request: Request) -> Reply:
    """Answer `POST sobjects/X`: 201 with the id. A platform event is published."""
    event = context.org.platform_events.find(request.arguments["type"])
    if event is not None:
        return streaming.publish(context, request, event)
    holder = context.object(request.arguments["type"])
    fields = written_fields(request.fields())
    try:
        with writing(context, request) as transaction:
            record_id = transaction.create(holder.name, fields)
    except DmlError as error:
        raise refusal(error) from error
    return created(context, request, holder, record_id)


def created(context: Context, request: Request, holder: ObjectType, record_id: str, **more: Any) -> Reply:
    """Give the reply to a create."""
    location = context.renderer(request).url(holder.name, record_id)
    return Reply({"id": record_id, "success": True, "errors": [], **more}, 201, {"Location": location})


def read(context: Context, request: Request) -> Reply:
    """Answer `GET sobjects/X/id`, all readable fields or those of `fields=`."""
    holder = context.object(request.arguments["type"])
    record_id = request.arguments["id"]
    if not is_salesforce_id(record_id):
        raise ApiError(
            404,
            "NOT_FOUND",
            f"Provided external ID field does not exist or is not accessible: {record_id[:100]}",
        )
    row = context.org.get(holder.name, record_id)
    if row is None:
        if context.org.get(holder.name, record_id, include_deleted=True) is not None:
            raise ApiError(404, "ENTITY_IS_DELETED", "entity is deleted", [])
        raise not_found()
    return Reply(shown(context, request, holder, row))


def shown(context: Context, request: Request, holder: ObjectType, row: Row) -> dict[str, Any]:
    """Print a record for a read: `fields=` of the request, or everything readable."""
    names = request.query.get("fields")
    if names is None:
        fields = context.readable(request, holder)
    else:
        fields = asked_fields(context, request, holder, names.split(","))
        identity = holder.find("Id")
        if identity is not None and identity not in fields:
            fields.append(identity)
    return context.renderer(request).record(Shape(holder, [*fields]), row, lambda _: None)


def asked_fields(context: Context, request: Request, holder: ObjectType, names: list[str]) -> list[FieldType]:
    """Find the fields of a list of names, each once. Raises `ApiError` (INVALID_FIELD)."""
    return list(dict.fromkeys(context.field(request, holder, name.strip()) for name in names))


def update(context: Context, request: Request) -> Reply:
    """Answer `PATCH sobjects/X/id`: 204."""
    holder = context.object(request.arguments["type"])
    fields = written_fields(request.fields())
    _check_id(holder, request.arguments["id"])
    try:
        with writing(context, request) as transaction:
            transaction.update(holder.name, request.arguments["id"], fields)
    except DmlError as error:
        raise refusal(error) from error
    return Reply(None, 204)


def delete(context: Context, request: Request) -> Reply:
    """Answer `DELETE sobjects/X/id`: 204."""
    holder = context.object(request.arguments["type"])
    _check_id(holder, request.arguments["id"])
    try:
        with writing(context, request) as transaction:
            transaction.delete(holder.name, request.arguments["id"])
    except DmlError as error:
        raise refusal(error) from error
    return Reply(None, 204)


def written_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """Take what is to be written out of a body; `attributes` only say of what object it is."""
    return {name: value for name, value in document.items() if name != "attributes"}


def _check_id(holder: ObjectType, record_id: str) -> None:
    if not is_salesforce_id(record_id) or record_id[:3] != holder.key_prefix:
        raise ApiError(
            400, "MALFORMED_ID", f"{holder.label} ID: id value of incorrect type: {record_id[:100]}", ["Id"]
        )

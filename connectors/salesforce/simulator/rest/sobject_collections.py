"""Up to 200 writes, or 2,000 reads, in one call. Source: REST API Developer Guide, "sObject Collections"."""

from collections.abc import Callable, Sequence
from typing import Any

from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.objects.types import ObjectType
from connectors.salesforce.simulator.rest.call import Request
from connectors.salesforce.simulator.rest.context import Context, writing
from connectors.salesforce.simulator.rest.external_ids import external_field, upsert_in
from connectors.salesforce.simulator.rest.records import asked_fields, written_fields
from connectors.salesforce.simulator.rest.reply import ApiError, Reply
from connectors.salesforce.simulator.soql.plan import Shape
from connectors.salesforce.simulator.transaction import Transaction

__all__ = ["create", "delete", "retrieve", "update", "upsert"]

_MOST_WRITTEN, _MOST_READ = 200, 2_000
_ROLLED_BACK = {
    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "message": (
        "Record rolled back because not all records were valid and the request was using AllOrNone header"
    ),
    "fields": [],
}

# Writes one record of the list and gives its result.
_Operation = Callable[[Transaction, Any], dict[str, Any]]


class _AllOrNoneError(Exception):
    """Ends a transaction whose other records must not stay."""


def create(context: Context, request: Request) -> Reply:
    """Answer `POST composite/sobjects`."""

    def one(transaction: Transaction, record: Any) -> dict[str, Any]:
        holder = _object_of(context, record)
        return _done(transaction.create(holder.name, written_fields(record)))

    return _write(context, request, one)


def update(context: Context, request: Request) -> Reply:
    """Answer `PATCH composite/sobjects`: each record names its id."""

    def one(transaction: Transaction, record: Any) -> dict[str, Any]:
        holder = _object_of(context, record)
        fields = written_fields(record)
        names = [name for name in fields if name.lower() == "id"]
        record_id = str(fields.pop(names[0])) if names else ""
        if not record_id:
            raise DmlError("MISSING_ARGUMENT", "Id not specified in an update call")
        transaction.update(holder.name, record_id, fields)
        return _done(record_id)

    return _write(context, request, one)


def upsert(context: Context, request: Request) -> Reply:
    """Answer `PATCH composite/sobjects/X/field`: each record gives its external id."""
    holder = context.object(request.arguments["type"])
    field = external_field(context, request, holder, request.arguments["field"])

    def one(transaction: Transaction, record: Any) -> dict[str, Any]:
        if _object_of(context, record) is not holder:
            raise DmlError("INVALID_TYPE", f"only records of {holder.name} can be upserted here")
        fields = written_fields(record)
        names = [name for name in fields if name.lower() == field.name.lower()]
        value = fields.pop(names[0]) if names else None
        if value is None:
            raise DmlError("MISSING_ARGUMENT", f"{field.name} not specified")
        record_id, new = upsert_in(transaction, holder, field, str(value), fields)
        return _done(record_id) | {"created": new}

    return _write(context, request, one)


def delete(context: Context, request: Request) -> Reply:
    """Answer `DELETE composite/sobjects?ids=`."""
    ids = [each.strip() for each in request.query.get("ids", "").split(",") if each.strip()]

    def one(transaction: Transaction, record_id: Any) -> dict[str, Any]:
        holder = context.org.objects.by_id(record_id)
        if holder is None:
            raise DmlError("MALFORMED_ID", f"malformed id {record_id[:100]}")
        transaction.delete(holder.name, record_id)
        return _done(record_id)

    all_or_none = request.query.get("allOrNone", "").lower() == "true"
    return _run(context, request, one, ids, all_or_none=all_or_none)


def retrieve(context: Context, request: Request) -> Reply:
    """Answer `GET` or `POST composite/sobjects/X` with ids and fields: records in their order, or null."""
    holder = context.object(request.arguments["type"])
    if request.method == "POST":
        document = request.fields()
        ids, names = _texts(document, "ids"), _texts(document, "fields")
    else:
        ids = [each for each in request.query.get("ids", "").split(",") if each]
        names = [each for each in request.query.get("fields", "").split(",") if each]
    if not ids or not names:
        raise ApiError(400, "MISSING_ARGUMENT", "The ids and fields parameters must be provided")
    _check_count(ids, _MOST_READ)
    shape = Shape(holder, [*asked_fields(context, request, holder, names)])
    renderer = context.renderer(request)
    rows = [context.org.get(holder.name, each.strip()) for each in ids]
    return Reply([None if row is None else renderer.record(shape, row, lambda _: None) for row in rows])


def _write(context: Context, request: Request, operation: _Operation) -> Reply:
    document = request.fields()
    records = document.get("records")
    if not isinstance(records, list) or not records:
        raise ApiError(400, "MISSING_ARGUMENT", "The request body must have a list of records")
    return _run(context, request, operation, records, all_or_none=document.get("allOrNone") is True)


def _run(
    context: Context, request: Request, operation: _Operation, records: Sequence[Any], *, all_or_none: bool
) -> Reply:
    _check_count(records, _MOST_WRITTEN)
    results: list[dict[str, Any]] = []
    try:
        with writing(context, request) as transaction:
            for record in records:
                try:
                    results.append(operation(transaction, record))
                except DmlError as error:
                    results.append(_failed(error))
            if all_or_none:
                _require_all(results)
    except _AllOrNoneError:
        kept = [
            {"success": False, "errors": [_ROLLED_BACK]} if result["success"] else result
            for result in results
        ]
        # As part of a composite transaction the whole of it must end, which its status tells.
        return Reply(kept, 200 if request.transaction is None else 400)
    return Reply(results)


def _require_all(results: Sequence[dict[str, Any]]) -> None:
    if not all(result["success"] for result in results):
        raise _AllOrNoneError


def _object_of(context: Context, record: Any) -> ObjectType:
    attributes = record.get("attributes") if isinstance(record, dict) else None
    name = attributes.get("type") if isinstance(attributes, dict) else None
    found = context.org.objects.find(name) if isinstance(name, str) else None
    if found is None:
        raise DmlError("INVALID_TYPE", f"sObject type '{str(name or '')[:100]}' is not supported.")
    return found


def _done(record_id: str) -> dict[str, Any]:
    return {"id": record_id, "success": True, "errors": []}


def _failed(error: DmlError) -> dict[str, Any]:
    reason = {"statusCode": error.code, "message": error.message, "fields": list(error.fields)}
    return {"success": False, "errors": [reason]}


def _texts(document: dict[str, Any], name: str) -> list[str]:
    values = document.get(name)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _check_count(records: Sequence[Any], most: int) -> None:
    if len(records) > most:
        raise ApiError(
            400,
            "EXCEEDED_ID_LIMIT",
            f"record limit reached. cannot submit more than {most} records into this call",
        )

"""The Tooling API, as far as event channels go: what administrators and their tools call to set them up.

Source: Tooling API, "PlatformEventChannel", "PlatformEventChannelMember".
"""

from typing import Any

from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.objects.types import ObjectType
from connectors.salesforce.simulator.rest.call import Request
from connectors.salesforce.simulator.rest.context import Context, refusal
from connectors.salesforce.simulator.rest.records import shown
from connectors.salesforce.simulator.rest.reply import ApiError, Reply, not_found
from connectors.salesforce.simulator.soql.errors import SoqlError
from connectors.salesforce.simulator.soql.row_filter import row_filter

__all__ = ["create", "delete", "read"]


def create(context: Context, request: Request) -> Reply:
    """Answer `POST tooling/sobjects/X` with `FullName` and `Metadata`: 201 with the id."""
    kind = _kind(context, request)
    fields = request.fields()
    name, metadata = fields.get("FullName"), fields.get("Metadata")
    if not isinstance(name, str) or not isinstance(metadata, dict):
        raise ApiError(
            400,
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [FullName, Metadata]",
            ["FullName", "Metadata"],
        )
    channels = context.org.channels
    try:
        if kind.name == "PlatformEventChannel":
            record_id = channels.add_channel(name, metadata)
        else:
            _check_filter(context, metadata)
            record_id = channels.add_member(name, metadata)
    except DmlError as error:
        raise refusal(error) from error
    body = {"id": record_id, "success": True, "errors": [], "warnings": [], "infos": []}
    return Reply(body, 201, {"Location": f"{request.base}/sobjects/{kind.name}/{record_id}"})


def read(context: Context, request: Request) -> Reply:
    """Answer `GET tooling/sobjects/X/id`, with the metadata."""
    kind = _kind(context, request)
    row = context.org.get(kind.name, request.arguments["id"])
    if row is None:
        raise not_found()
    found = shown(context, request, kind, row)
    return Reply({**found, "Metadata": dict(context.org.channels.metadata(str(row["Id"])))})


def delete(context: Context, request: Request) -> Reply:
    """Answer `DELETE tooling/sobjects/X/id`: 204."""
    kind = _kind(context, request)
    try:
        context.org.channels.remove(kind.name, request.arguments["id"])
    except DmlError as error:
        raise refusal(error) from error
    return Reply(None, 204)


def _kind(context: Context, request: Request) -> ObjectType:
    kind = context.object(request.arguments["type"])
    if not kind.tooling:
        raise not_found()
    return kind


def _check_filter(context: Context, metadata: dict[str, Any]) -> None:
    condition = metadata.get("filterExpression")
    if not condition:
        return
    entity = context.org.channels.entity(str(metadata.get("selectedEntity")))
    try:
        row_filter(context.org, entity.name, str(condition))
    except SoqlError as error:
        raise ApiError(400, "INVALID_INPUT", error.message, ["FilterExpression"]) from error

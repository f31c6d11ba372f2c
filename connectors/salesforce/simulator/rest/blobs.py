"""The bytes of a file or note: ContentVersion's `VersionData`, ContentNote's `Content`.

Source: REST API Developer Guide, "sObject Blob Get".
"""

from connectors.salesforce.simulator.objects.types import FieldType
from connectors.salesforce.simulator.rest import external_ids
from connectors.salesforce.simulator.rest.call import Request
from connectors.salesforce.simulator.rest.context import Context
from connectors.salesforce.simulator.rest.reply import Reply, not_found
from schemas.ids import is_salesforce_id

__all__ = ["read"]


def read(context: Context, request: Request) -> Reply:
    """Answer `GET sobjects/X/{id}/{field}` with bytes; where the second is a field, with a record."""
    holder = context.object(request.arguments["type"])
    first, second = request.arguments["field"], request.arguments["value"]
    blob = holder.find(second)
    if not is_salesforce_id(first) or holder.find(first) is not None or not _is_blob(blob):
        return external_ids.read(context, request)
    row = context.org.get(holder.name, first)
    if blob is None or row is None:
        raise not_found()
    if not context.org.readable(request.caller.user_id, holder.name, blob.name):
        raise not_found()
    content = row.get(blob.name)
    return Reply(content if isinstance(content, bytes) else b"", content_type="application/octetstream")


def _is_blob(field: FieldType | None) -> bool:
    return field is not None and field.type == "base64"

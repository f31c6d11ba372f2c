"""Publishing over REST: platform events, and events of generic channels.

Source: Platform Events Developer Guide, "Publish Event Messages Using Salesforce APIs"; Streaming API
Developer Guide, "Streaming Channel Push".
"""

from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.objects.types import ObjectType
from connectors.salesforce.simulator.rest.call import Request
from connectors.salesforce.simulator.rest.context import Context, refusal
from connectors.salesforce.simulator.rest.reply import ApiError, Reply, not_found

__all__ = ["publish", "push"]

_LONGEST_PAYLOAD = 3_000


def publish(context: Context, request: Request, kind: ObjectType) -> Reply:
    """Answer `POST sobjects/X__e`: 201, and the event's uuid in what looks like an error."""
    fields = {name: value for name, value in request.fields().items() if name != "attributes"}
    try:
        posted = context.org.platform_events.publish(kind, fields, request.caller.user_id)
    except DmlError as error:
        raise refusal(error) from error
    told = {"statusCode": "OPERATION_ENQUEUED", "message": posted.uuid, "fields": []}
    return Reply({"id": f"{kind.key_prefix}xx0000000001AAA", "success": True, "errors": [told]}, 201)


def push(context: Context, request: Request) -> Reply:
    """Answer `POST sobjects/StreamingChannel/id/push`.

    How many heard it is told as -1, which stands for unknown: events are handed on after the reply.
    """
    row = context.org.get("StreamingChannel", request.arguments["id"])
    if row is None:
        raise not_found()
    events = request.fields().get("pushEvents")
    given = [each for each in events if isinstance(each, dict)] if isinstance(events, list) else []
    payloads = [payload for each in given if isinstance(payload := each.get("payload"), str)]
    if not payloads or len(payloads) < len(given):
        raise ApiError(400, "JSON_PARSER_ERROR", "pushEvents: expected events with a payload of text")
    if any(len(each) > _LONGEST_PAYLOAD for each in payloads):
        raise ApiError(400, "STRING_TOO_LONG", f"payload: at most {_LONGEST_PAYLOAD} characters")
    for payload in payloads:
        context.org.generic_events.post(str(row["Name"]), {"payload": payload})
    return Reply([{"fanoutCount": -1, "userOnlineStatus": {}} for _ in payloads])

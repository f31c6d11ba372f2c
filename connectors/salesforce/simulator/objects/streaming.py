"""What legacy streaming is set up with: PushTopic queries, and channels for generic events."""

from connectors.salesforce.simulator.objects.fields import (
    audit,
    flag,
    identity,
    number,
    picklist,
    system,
    text,
)
from connectors.salesforce.simulator.objects.types import ObjectType

__all__ = ["PUSH_TOPIC", "STREAMING_CHANNEL"]

PUSH_TOPIC = ObjectType(
    "PushTopic",
    "Push Topic",
    "Push Topics",
    "0IF",
    (
        *identity("Push Topic"),
        text("Name", "Topic Name", length=25, nillable=False, name_field=True, permissionable=False),
        text("Query", "SOQL Query", kind="textarea", length=1300, nillable=False),
        number("ApiVersion", "API Version", kind="double", precision=3, scale=1, nillable=False),
        flag("IsActive", "Is Active", default=True),
        picklist(
            "NotifyForFields",
            ("All", "Referenced", "Select", "Where"),
            "Notify For Fields",
            nillable=False,
            default="Referenced",
            restricted=True,
        ),
        flag("NotifyForOperationCreate", "Create", default=True),
        flag("NotifyForOperationUpdate", "Update", default=True),
        flag("NotifyForOperationDelete", "Delete", default=True),
        flag("NotifyForOperationUndelete", "Undelete", default=True),
        text("Description", length=400),
        *audit(),
        *system(),
    ),
)

STREAMING_CHANNEL = ObjectType(
    "StreamingChannel",
    "Streaming Channel",
    "Streaming Channels",
    "0M6",
    (
        *identity("Streaming Channel"),
        text(
            "Name", "Streaming Channel Name", length=80, nillable=False, name_field=True, permissionable=False
        ),
        text("Description", length=255),
        *audit(),
        *system(),
    ),
)

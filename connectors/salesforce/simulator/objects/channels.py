"""Channels of events and what is on them: objects of the Tooling API, which other resources leave out."""

from connectors.salesforce.simulator.objects.fields import identity, picklist, system, text
from connectors.salesforce.simulator.objects.types import ObjectType

__all__ = ["CHANNEL", "MEMBER"]

CHANNEL = ObjectType(
    "PlatformEventChannel",
    "Platform Event Channel",
    "Platform Event Channels",
    "0YL",
    (
        *identity("Platform Event Channel"),
        text("FullName", nillable=False),
        text("DeveloperName", length=80, nillable=False, name_field=True),
        text("MasterLabel", length=80),
        picklist("ChannelType", ("data", "event")),
        *system(),
    ),
    createable=False,
    updateable=False,
    deletable=False,
    tooling=True,
)

MEMBER = ObjectType(
    "PlatformEventChannelMember",
    "Platform Event Channel Member",
    "Platform Event Channel Members",
    "0v8",
    (
        *identity("Platform Event Channel Member"),
        text("FullName", nillable=False),
        text("DeveloperName", length=80, nillable=False, name_field=True),
        text("EventChannel", nillable=False),
        text("SelectedEntity", nillable=False),
        text("FilterExpression", kind="textarea", length=131_072),
        *system(),
    ),
    createable=False,
    updateable=False,
    deletable=False,
    tooling=True,
)

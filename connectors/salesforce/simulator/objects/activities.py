"""What people did and are to do: tasks and calendar events."""

from connectors.salesforce.simulator.objects.fields import (
    audit,
    flag,
    identity,
    lookup,
    moment,
    number,
    owner,
    picklist,
    read_only,
    system,
    text,
)
from connectors.salesforce.simulator.objects.types import FieldType, ObjectType

__all__ = ["EVENT", "TASK"]


def _about(children: str) -> tuple[FieldType, ...]:
    return (
        lookup("WhoId", "Contact", children=children, label="Name ID", cascade_delete=True),
        lookup(
            "WhatId", "Account", "Opportunity", children=children, label="Related To ID", cascade_delete=True
        ),
        text("Subject"),
    )


TASK = ObjectType(
    "Task",
    "Task",
    "Tasks",
    "00T",
    (
        *identity("Activity"),
        *_about("Tasks"),
        moment("ActivityDate", "Due Date Only", kind="date"),
        picklist(
            "Status",
            ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"),
            default="Not Started",
            nillable=False,
            permissionable=False,
        ),
        picklist(
            "Priority", ("High", "Normal", "Low"), default="Normal", nillable=False, permissionable=False
        ),
        owner(),
        text("Description", kind="textarea"),
        flag("IsClosed", "Closed", permissionable=False, **read_only),
        moment("CompletedDateTime", "Completed Date", **read_only),
        *audit(),
        *system(),
    ),
    change_events=True,
)

EVENT = ObjectType(
    "Event",
    "Event",
    "Events",
    "00U",
    (
        *identity("Activity"),
        *_about("Events"),
        text("Location"),
        flag("IsAllDayEvent", "All-Day Event"),
        moment("ActivityDateTime", "Due Date Time", **read_only),
        moment("ActivityDate", "Due Date Only", kind="date", **read_only),
        moment("StartDateTime", "Start Date Time", nillable=False, permissionable=False),
        moment("EndDateTime", "End Date Time"),
        number("DurationInMinutes", "Duration", kind="int"),
        owner(),
        text("Description", kind="textarea"),
        *audit(),
        *system(),
    ),
    change_events=True,
)

"""The objects of the simulated org, with the fields an integration meets (Salesforce Object Reference)."""

from connectors.salesforce.simulator.objects.activities import EVENT, TASK
from connectors.salesforce.simulator.objects.channels import CHANNEL, MEMBER
from connectors.salesforce.simulator.objects.custom import ONBOARDING
from connectors.salesforce.simulator.objects.notes import CONTENT_NOTE, DOCUMENT, LINK, NOTE, VERSION
from connectors.salesforce.simulator.objects.opportunity import CONTACT_ROLE, HISTORY, OPPORTUNITY, STAGE
from connectors.salesforce.simulator.objects.people import ACCOUNT, CONTACT, ORGANIZATION, ROLE, USER
from connectors.salesforce.simulator.objects.streaming import PUSH_TOPIC, STREAMING_CHANNEL
from connectors.salesforce.simulator.objects.types import (
    ChildRelationship,
    FieldType,
    Objects,
    ObjectType,
    PicklistValue,
    Row,
    Value,
)

__all__ = [
    "OBJECTS",
    "ChildRelationship",
    "FieldType",
    "ObjectType",
    "Objects",
    "PicklistValue",
    "Row",
    "Value",
]

OBJECTS = Objects(
    (
        ACCOUNT,
        CONTACT,
        # Before the document, so that a 069 id is taken for the document that a note is.
        CONTENT_NOTE,
        DOCUMENT,
        LINK,
        VERSION,
        EVENT,
        NOTE,
        OPPORTUNITY,
        CONTACT_ROLE,
        HISTORY,
        STAGE,
        ORGANIZATION,
        TASK,
        USER,
        ROLE,
        ONBOARDING,
        CHANNEL,
        MEMBER,
        PUSH_TOPIC,
        STREAMING_CHANNEL,
    )
)

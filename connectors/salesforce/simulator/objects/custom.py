"""An object that an administrator of the org made, as most orgs have some."""

from connectors.salesforce.simulator.objects.fields import (
    audit,
    identity,
    lookup,
    moment,
    owner,
    picklist,
    system,
    text,
)
from connectors.salesforce.simulator.objects.types import ObjectType

__all__ = ["ONBOARDING"]

ONBOARDING = ObjectType(
    "Onboarding__c",
    "Onboarding",
    "Onboardings",
    "a01",
    (
        *identity("Record"),
        text("Name", "Onboarding Name", length=80, nillable=False, name_field=True, permissionable=False),
        lookup("Opportunity__c", "Opportunity", children="Onboardings__r", label="Opportunity"),
        picklist("Status__c", ("Planned", "Running", "Done"), "Status", restricted=True),
        moment("Due_Date__c", "Due Date", kind="date"),
        owner(),
        *audit(),
        *system(),
    ),
    change_events=True,
)

"""Deals: the opportunity, its stages, its history and the people on it."""

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
from connectors.salesforce.simulator.objects.types import ObjectType

__all__ = [
    "CONTACT_ROLE",
    "FORECAST_CATEGORIES",
    "FORECAST_NAMES",
    "HISTORY",
    "OPPORTUNITY",
    "SEGMENTS",
    "STAGE",
    "STAGES",
]

SEGMENTS = ("SMB", "Mid-Market", "Enterprise")
FORECAST_NAMES = {
    "Omitted": "Omitted",
    "Pipeline": "Pipeline",
    "BestCase": "Best Case",
    "Forecast": "Commit",
    "Closed": "Closed",
}
FORECAST_CATEGORIES = {name: category for category, name in FORECAST_NAMES.items()}

# Name, probability, forecast category. The sort order leaves gaps, as that of a lived-in org does.
STAGES = (
    ("Prospecting", 10, "Pipeline"),
    ("Qualification", 10, "Pipeline"),
    ("Needs Analysis", 20, "Pipeline"),
    ("Value Proposition", 50, "Pipeline"),
    ("Id. Decision Makers", 60, "Pipeline"),
    ("Perception Analysis", 70, "BestCase"),
    ("Proposal/Price Quote", 75, "BestCase"),
    ("Negotiation/Review", 90, "Forecast"),
    ("Contract Sent", 95, "Forecast"),
    ("Closed Won", 100, "Closed"),
    ("Closed Lost", 0, "Omitted"),
)
_TYPES = ("Existing Customer - Upgrade", "Existing Customer - Replacement", "New Customer")
_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
_ROLES = (
    "Business User",
    "Decision Maker",
    "Economic Buyer",
    "Economic Decision Maker",
    "Evaluator",
    "Executive Sponsor",
    "Influencer",
    "Technical Buyer",
    "Other",
)

OPPORTUNITY = ObjectType(
    "Opportunity",
    "Opportunity",
    "Opportunities",
    "006",
    (
        *identity("Opportunity"),
        lookup("AccountId", "Account", children="Opportunities", cascade_delete=True),
        flag("IsPrivate", "Private"),
        text("Name", length=120, nillable=False, name_field=True, permissionable=False),
        text("Description", kind="textarea"),
        picklist("StageName", [name for name, _, _ in STAGES], "Stage", nillable=False, permissionable=False),
        number("Amount"),
        number("Probability", "Probability (%)", kind="percent"),
        # Read-only and worked out by the org. Change events of the facts known to us do not carry it.
        number("ExpectedRevenue", "Expected Amount", in_events=False, **read_only),
        number("TotalOpportunityQuantity", "Quantity", kind="double", scale=2),
        moment("CloseDate", kind="date", nillable=False, permissionable=False),
        picklist("Type", _TYPES, "Opportunity Type"),
        text("NextStep"),
        picklist("LeadSource", _SOURCES),
        flag("IsClosed", "Closed", **read_only),
        flag("IsWon", "Won", **read_only),
        picklist("ForecastCategory", FORECAST_NAMES, nillable=False, permissionable=False, **read_only),
        picklist("ForecastCategoryName", FORECAST_CATEGORIES, "Forecast Category", restricted=True),
        flag("HasOpportunityLineItem", "Has Line Item", **read_only),
        owner(),
        *audit(),
        *system(),
        moment("LastStageChangeDate", **read_only),
        lookup("ContactId", "Contact", updateable=False, filterable=False),
        number("Term_Months__c", "Term (months)", kind="double", precision=3),
        picklist("Segment__c", SEGMENTS, restricted=True),
        text("Onboarding_Notes__c", "Onboarding Notes", kind="textarea"),
        moment("Go_Live_Date__c", "Go-Live Date", kind="date"),
        lookup("CSM__c", "User", label="CSM"),
        text("External_Id__c", "External Id", length=80, external_id=True, unique=True),
    ),
    change_events=True,
)

STAGE = ObjectType(
    "OpportunityStage",
    "Opportunity Stage",
    "Opportunity Stages",
    "01J",
    (
        *identity("Opportunity Stage"),
        text("MasterLabel", length=255, name_field=True, permissionable=False, **read_only),
        text("ApiName", "API Name", permissionable=False, **read_only),
        flag("IsActive", "Is Active", permissionable=False, **read_only),
        number("SortOrder", kind="int", permissionable=False, **read_only),
        flag("IsClosed", "Closed", permissionable=False, **read_only),
        flag("IsWon", "Won", permissionable=False, **read_only),
        picklist("ForecastCategory", FORECAST_NAMES, permissionable=False, **read_only),
        picklist("ForecastCategoryName", FORECAST_CATEGORIES, permissionable=False, **read_only),
        number("DefaultProbability", "Probability (%)", kind="percent", permissionable=False, **read_only),
        text("Description", length=255, permissionable=False, **read_only),
        *audit(),
        *system(),
    ),
    createable=False,
    updateable=False,
    deletable=False,
)

HISTORY = ObjectType(
    "OpportunityHistory",
    "Opportunity: Stage History",
    "Opportunity: Stage History",
    "008",
    (
        *identity("Opportunity History"),
        lookup(
            "OpportunityId",
            "Opportunity",
            children="OpportunityHistories",
            cascade_delete=True,
            permissionable=False,
            **read_only,
        ),
        lookup("CreatedById", "User", permissionable=False, **read_only),
        moment("CreatedDate", permissionable=False, **read_only),
        picklist(
            "StageName", [name for name, _, _ in STAGES], "Stage Name", permissionable=False, **read_only
        ),
        number("Amount", permissionable=False, **read_only),
        number("ExpectedRevenue", permissionable=False, **read_only),
        moment("CloseDate", kind="date", permissionable=False, **read_only),
        number("Probability", kind="percent", permissionable=False, **read_only),
        picklist(
            "ForecastCategory", FORECAST_NAMES, "To ForecastCategory", permissionable=False, **read_only
        ),
        *system(),
    ),
    createable=False,
    updateable=False,
    deletable=False,
)

CONTACT_ROLE = ObjectType(
    "OpportunityContactRole",
    "Opportunity Contact Role",
    "Opportunity Contact Role",
    "00K",
    (
        *identity("Contact Role"),
        lookup(
            "OpportunityId",
            "Opportunity",
            children="OpportunityContactRoles",
            cascade_delete=True,
            nillable=False,
            updateable=False,
            permissionable=False,
        ),
        lookup(
            "ContactId",
            "Contact",
            children="OpportunityContactRoles",
            cascade_delete=True,
            nillable=False,
            permissionable=False,
        ),
        picklist("Role", _ROLES),
        flag("IsPrimary", "Primary", permissionable=False),
        *audit(),
        *system(),
    ),
    change_events=True,
)

"""The order of the standard fields in event schemas, which bitmaps count by.

It is Salesforce's own for the objects whose order is published, with fields that the simulated org does not
keep: those are always null. For other objects it is the order in which the org defines the fields. Source:
Change Data Capture Developer Guide, "Subscribe with Pub/Sub API".
"""

from collections.abc import Mapping

__all__ = ["STANDARD_ORDER"]

STANDARD_ORDER: Mapping[str, Mapping[str, str]] = {
    "Opportunity": {
        "AccountId": "reference",
        "IsPrivate": "boolean",
        "Name": "string",
        "Description": "textarea",
        "StageName": "picklist",
        "Amount": "currency",
        "Probability": "percent",
        "ExpectedRevenue": "currency",
        "TotalOpportunityQuantity": "double",
        "CloseDate": "date",
        "Type": "picklist",
        "NextStep": "string",
        "LeadSource": "picklist",
        "IsClosed": "boolean",
        "IsWon": "boolean",
        "ForecastCategory": "picklist",
        "ForecastCategoryName": "picklist",
        "CampaignId": "reference",
        "HasOpportunityLineItem": "boolean",
        "Pricebook2Id": "reference",
        "OwnerId": "reference",
        "CreatedDate": "datetime",
        "CreatedById": "reference",
        "LastModifiedDate": "datetime",
        "LastModifiedById": "reference",
        "LastStageChangeDate": "datetime",
        "ContactId": "reference",
        "ContractId": "reference",
        "LastAmountChangedHistoryId": "reference",
        "LastCloseDateChangedHistoryId": "reference",
    },
    "Account": {
        "Name": "string",
        "Type": "picklist",
        "ParentId": "reference",
        "BillingAddress": "address",
        "ShippingAddress": "address",
        "Phone": "phone",
        "Fax": "phone",
        "AccountNumber": "string",
        "Website": "url",
        "Sic": "string",
        "Industry": "picklist",
        "AnnualRevenue": "currency",
        "NumberOfEmployees": "int",
        "Ownership": "picklist",
        "TickerSymbol": "string",
        "Description": "textarea",
        "Rating": "picklist",
        "Site": "string",
        "OwnerId": "reference",
        "CreatedDate": "datetime",
        "CreatedById": "reference",
        "LastModifiedDate": "datetime",
        "LastModifiedById": "reference",
    },
}
"""By object: the standard fields in order, with their describe types."""

"""Companies and people: account, contact, user, role and the organization itself."""

from connectors.salesforce.simulator.objects.fields import (
    address,
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

__all__ = ["ACCOUNT", "CONTACT", "INDUSTRIES", "ORGANIZATION", "ROLE", "USER"]

INDUSTRIES = (
    "Banking",
    "Biotechnology",
    "Construction",
    "Consulting",
    "Education",
    "Electronics",
    "Energy",
    "Engineering",
    "Finance",
    "Healthcare",
    "Hospitality",
    "Insurance",
    "Manufacturing",
    "Media",
    "Retail",
    "Shipping",
    "Technology",
    "Telecommunications",
    "Transportation",
    "Utilities",
)
_ACCOUNT_TYPES = ("Prospect", "Customer - Direct", "Customer - Channel", "Partner", "Other")
_SALUTATIONS = ("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx.")


ACCOUNT = ObjectType(
    "Account",
    "Account",
    "Accounts",
    "001",
    (
        *identity("Account"),
        text("Name", "Account Name", nillable=False, name_field=True, permissionable=False),
        picklist("Type", _ACCOUNT_TYPES, "Account Type"),
        lookup("ParentId", "Account", children="ChildAccounts", label="Parent Account ID"),
        *address("Billing"),
        *address("Shipping"),
        text("Phone", "Account Phone", kind="phone"),
        text("AccountNumber", length=40),
        text("Website", kind="url"),
        picklist("Industry", INDUSTRIES),
        number("AnnualRevenue", scale=0),
        number("NumberOfEmployees", "Employees", kind="int"),
        text("Description", "Account Description", kind="textarea"),
        owner(),
        *audit(),
        *system(),
        picklist("Tier__c", ("Bronze", "Silver", "Gold"), "Tier"),
        text("External_Id__c", "External Id", length=80, external_id=True, unique=True),
    ),
    change_events=True,
)

CONTACT = ObjectType(
    "Contact",
    "Contact",
    "Contacts",
    "003",
    (
        *identity("Contact"),
        lookup("AccountId", "Account", children="Contacts", cascade_delete=True),
        text(
            "LastName", length=80, nillable=False, compound="Name", component="LastName", permissionable=False
        ),
        text("FirstName", length=40, compound="Name", component="FirstName", permissionable=False),
        picklist(
            "Salutation",
            _SALUTATIONS,
            compound="Name",
            component="Salutation",
            length=40,
            permissionable=False,
        ),
        text(
            "Name",
            "Full Name",
            length=121,
            nillable=False,
            name_field=True,
            in_events=False,
            permissionable=False,
            **read_only,
        ),
        *address("Mailing"),
        text("Phone", "Business Phone", kind="phone"),
        text("MobilePhone", kind="phone"),
        lookup("ReportsToId", "Contact", label="Reports To ID"),
        text("Email", kind="email"),
        text("Title", length=128),
        text("Department", length=80),
        text("Description", "Contact Description", kind="textarea"),
        owner(),
        flag("HasOptedOutOfEmail", "Email Opt Out"),
        flag("IsEmailBounced", **read_only),
        *audit(),
        *system(),
    ),
    change_events=True,
)

USER = ObjectType(
    "User",
    "User",
    "Users",
    "005",
    (
        identity("User")[0],
        text("Username", length=80, nillable=False, permissionable=False, unique=True),
        text(
            "LastName", length=80, nillable=False, compound="Name", component="LastName", permissionable=False
        ),
        text("FirstName", length=40, compound="Name", component="FirstName", permissionable=False),
        text(
            "Name",
            "Full Name",
            length=121,
            nillable=False,
            name_field=True,
            in_events=False,
            permissionable=False,
            **read_only,
        ),
        text("CompanyName", length=80),
        text("Department", length=80),
        text("Title", length=80),
        text("Email", kind="email", length=128, nillable=False, permissionable=False),
        text("Phone", kind="phone"),
        text("Alias", length=8, nillable=False, permissionable=False),
        flag("IsActive", "Active", permissionable=False),
        lookup("UserRoleId", "UserRole", children="Users", label="Role ID"),
        lookup("ManagerId", "User", children="ManagedUsers"),
        text("FederationIdentifier", "SAML Federation ID", length=512),
        text("TimeZoneSidKey", "Time Zone", length=40, nillable=False, permissionable=False),
        text("LocaleSidKey", "Locale", length=40, nillable=False, permissionable=False),
        text("LanguageLocaleKey", "Language", length=40, nillable=False, permissionable=False),
        picklist("UserType", ("Standard", "AutomatedProcess"), permissionable=False, **read_only),
        *audit(),
        *system(),
    ),
    deletable=False,
    change_events=True,
)

ROLE = ObjectType(
    "UserRole",
    "Role",
    "Roles",
    "00E",
    (
        identity("Role")[0],
        text("Name", length=80, nillable=False, name_field=True, permissionable=False),
        lookup("ParentRoleId", "UserRole", label="Parent Role ID"),
        text("DeveloperName", length=80, permissionable=False),
        *audit()[2:],
        *system(),
    ),
)

ORGANIZATION = ObjectType(
    "Organization",
    "Organization",
    "Organizations",
    "00D",
    (
        identity("Organization")[0],
        text("Name", length=80, name_field=True, permissionable=False, **read_only),
        text("InstanceName", length=5, permissionable=False, **read_only),
        text("OrganizationType", "Edition", length=40, permissionable=False, **read_only),
        flag("IsSandbox", permissionable=False, **read_only),
        text("NamespacePrefix", length=15, permissionable=False, **read_only),
        moment("TrialExpirationDate", permissionable=False, **read_only),
        text("DefaultLocaleSidKey", "Locale", length=40, permissionable=False, **read_only),
        text("LanguageLocaleKey", "Language", length=40, permissionable=False, **read_only),
        text("TimeZoneSidKey", "Time Zone", length=40, permissionable=False, **read_only),
        text("Country", length=80, permissionable=False, **read_only),
        *audit(),
        *system(),
    ),
    createable=False,
    updateable=False,
    deletable=False,
)

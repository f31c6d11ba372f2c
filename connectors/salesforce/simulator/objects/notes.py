"""Notes old and new. A new note is a file: document, versions and links to what it is about."""

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

__all__ = ["CONTENT_NOTE", "DOCUMENT", "LINK", "NOTE", "VERSION"]

NOTE = ObjectType(
    "Note",
    "Note",
    "Notes",
    "002",
    (
        *identity("Note"),
        lookup(
            "ParentId",
            "Account",
            "Contact",
            "Opportunity",
            children="Notes",
            cascade_delete=True,
            nillable=False,
            permissionable=False,
        ),
        text("Title", length=80, nillable=False, name_field=True, permissionable=False),
        flag("IsPrivate", "Private", permissionable=False),
        text("Body", kind="textarea", permissionable=False),
        owner(),
        *audit(),
        *system(),
    ),
)

DOCUMENT = ObjectType(
    "ContentDocument",
    "Content Document",
    "Content Documents",
    "069",
    (
        *identity("Content Document"),
        text("Title", nillable=False, name_field=True, permissionable=False),
        text("FileType", length=20, permissionable=False, **read_only),
        text("FileExtension", length=40, permissionable=False, **read_only),
        number("ContentSize", "Size", kind="int", permissionable=False, **read_only),
        lookup("LatestPublishedVersionId", "ContentVersion", permissionable=False, **read_only),
        moment("ContentModifiedDate", permissionable=False, **read_only),
        owner(),
        *audit(),
        *system(),
    ),
    createable=False,
    change_events=True,
)

VERSION = ObjectType(
    "ContentVersion",
    "Content Version",
    "Content Versions",
    "068",
    (
        *identity("Content Version"),
        lookup(
            "ContentDocumentId",
            "ContentDocument",
            children="ContentVersions",
            cascade_delete=True,
            updateable=False,
            permissionable=False,
        ),
        flag("IsLatest", permissionable=False, **read_only),
        text("VersionNumber", length=20, permissionable=False, **read_only),
        text("Title", nillable=False, name_field=True, permissionable=False),
        text("PathOnClient", length=500, nillable=False, updateable=False, permissionable=False),
        text("FileType", length=20, permissionable=False, **read_only),
        text("FileExtension", length=40, permissionable=False, **read_only),
        FieldType(
            "VersionData", "base64", "Version Data", filterable=False, in_events=False, permissionable=False
        ),
        text("TextPreview", length=255, permissionable=False, **read_only),
        number("ContentSize", "Size", kind="int", permissionable=False, **read_only),
        moment("ContentModifiedDate", permissionable=False, **read_only),
        lookup(
            "FirstPublishLocationId",
            "Account",
            "Contact",
            "Opportunity",
            "User",
            updateable=False,
            permissionable=False,
        ),
        owner(),
        *audit(),
        *system(),
    ),
    change_events=True,
)

LINK = ObjectType(
    "ContentDocumentLink",
    "Content Document Link",
    "Content Document Link",
    "06A",
    (
        *identity("ContentDocumentLink"),
        lookup(
            "LinkedEntityId",
            "Account",
            "Contact",
            "Opportunity",
            "User",
            children="ContentDocumentLinks",
            cascade_delete=True,
            nillable=False,
            updateable=False,
            permissionable=False,
        ),
        lookup(
            "ContentDocumentId",
            "ContentDocument",
            children="ContentDocumentLinks",
            cascade_delete=True,
            nillable=False,
            updateable=False,
            permissionable=False,
        ),
        picklist("ShareType", ("V", "C", "I"), default="V", nillable=False, permissionable=False),
        picklist(
            "Visibility",
            ("AllUsers", "InternalUsers", "SharedUsers"),
            default="AllUsers",
            nillable=False,
            permissionable=False,
        ),
        *system(),
    ),
    change_events=True,
)

# A view over documents of type SNOTE: a row is worked out of the document and its latest version. It shares
# the key prefix of documents.
CONTENT_NOTE = ObjectType(
    "ContentNote",
    "Content Note",
    "Content Notes",
    "069",
    (
        *identity("Content Note"),
        text("Title", name_field=True, nillable=False, permissionable=False),
        FieldType("Content", "base64", "Content", filterable=False, permissionable=False),
        text("TextPreview", length=255, permissionable=False, **read_only),
        text("FileType", length=20, permissionable=False, **read_only),
        number("ContentSize", "Size", kind="int", permissionable=False, **read_only),
        lookup("LatestPublishedVersionId", "ContentVersion", permissionable=False, **read_only),
        owner(),
        *audit(),
        *system(),
    ),
)

"""What follows from a file's new version: its document, its link, and which version is the latest."""

import html
import re
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.objects import Row, Value

if TYPE_CHECKING:
    from connectors.salesforce.simulator.transaction import Transaction

__all__ = ["NOTE_TYPE", "as_note", "create_note", "preview", "publish", "update_note", "version"]

NOTE_TYPE = "SNOTE"
_TAG = re.compile(r"<[^>]*>")
_PREVIEW = 255


def preview(content: bytes) -> str | None:
    """Give the start of a note's text without its markup."""
    text = html.unescape(_TAG.sub(" ", content.decode("utf-8", errors="replace")))
    return " ".join(text.split())[:_PREVIEW].strip() or None


def version(tx: "Transaction", before: Row | None, row: dict[str, Value], _given: frozenset[str]) -> None:
    """Work out type, size and preview; find or make the document."""
    data = row.get("VersionData")
    content = data if isinstance(data, bytes) else b""
    extension = str(row.get("PathOnClient", "")).rpartition(".")[2].lower()
    row["FileExtension"] = extension or None
    row["FileType"] = NOTE_TYPE if extension == "snote" else (extension.upper() or "UNKNOWN")
    row["ContentSize"] = len(content)
    row["TextPreview"] = preview(content) if row["FileType"] == NOTE_TYPE else None
    if before is not None:
        return
    row["IsLatest"] = True
    row["ContentModifiedDate"] = tx.now
    if row.get("ContentDocumentId") is None:
        document = {name: row[name] for name in ("Title", "FileType", "FileExtension", "OwnerId")}
        row["ContentDocumentId"] = tx.insert("ContentDocument", document)
        row["VersionNumber"] = "1"
    else:
        earlier = tuple(tx.org.store.find("ContentVersion", "ContentDocumentId", row["ContentDocumentId"]))
        row["VersionNumber"] = str(len(earlier) + 1)


def publish(tx: "Transaction", before: Row | None, row: Row) -> None:
    """Make a new version the latest one, and link a new document to its owner and to what it is about."""
    document = str(row["ContentDocumentId"])
    latest = {name: row.get(name) for name in ("Title", "ContentSize", "ContentModifiedDate")}
    tx.change("ContentDocument", document, {**latest, "LatestPublishedVersionId": row["Id"]})
    if before is not None:
        return
    for other in tuple(tx.org.store.find("ContentVersion", "ContentDocumentId", document)):
        if other["Id"] != row["Id"] and other.get("IsLatest"):
            # Stored without the hooks: an older version is not published again.
            tx.mark("ContentVersion", str(other["Id"]), {"IsLatest": False})
    if row.get("VersionNumber") == "1":
        link = {"ContentDocumentId": document, "LinkedEntityId": row["OwnerId"], "ShareType": "I"}
        tx.insert("ContentDocumentLink", link)
        if row.get("FirstPublishLocationId") is not None:
            about = {"LinkedEntityId": row["FirstPublishLocationId"], "ShareType": "V"}
            tx.insert("ContentDocumentLink", {"ContentDocumentId": document, **about})


def create_note(tx: "Transaction", values: dict[str, Value]) -> str:
    """Create a note: a document of type SNOTE with its first version. Gives the document's id."""
    title = str(values["Title"])
    first = tx.insert(
        "ContentVersion",
        {
            "Title": title,
            "PathOnClient": f"{title}.snote",
            "VersionData": values.get("Content"),
            "OwnerId": values.get("OwnerId"),
        },
    )
    return str((tx.org.get("ContentVersion", first) or {})["ContentDocumentId"])


def update_note(tx: "Transaction", note: Row, values: dict[str, Value]) -> None:
    """Change a note, which is to write a new version of it."""
    title = str(values.get("Title", note["Title"]))
    tx.insert(
        "ContentVersion",
        {
            "Title": title,
            "PathOnClient": f"{title}.snote",
            "VersionData": values.get("Content", note.get("Content")),
            "ContentDocumentId": note["Id"],
        },
    )


def as_note(document: Row, latest: Row | None) -> Row:
    """Give the note that a document of type SNOTE is, with the content of its latest version."""
    version_row = latest or {}
    content = {name: version_row.get(name) for name in ("TextPreview", "ContentSize")}
    note = {**document, **content, "Content": version_row.get("VersionData")}
    only_of_files = {"FileExtension", "ContentModifiedDate"}
    return {name: value for name, value in note.items() if value is not None and name not in only_of_files}

"""Makes a deal's contacts, notes, activities and stage history of their rows. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from connectors.salesforce.lookup_query import MOST
from connectors.salesforce.lookup_values import flag, moment, rows, text
from connectors.salesforce.note_text import neutral, preview_is_cut
from schemas.deal import Activity, Contact, Note, StageMove

__all__ = ["activities", "contacts", "notes", "stage_history"]

_NOTE_FILE = "SNOTE"


def contacts(record: Mapping[str, Any]) -> tuple[Contact, ...]:
    """Give each contact once, the primary one first; the rest in the order of their roles."""
    found: dict[str, Contact] = {}
    for row in sorted(_first(record, "OpportunityContactRoles"), key=lambda row: not flag(row, "IsPrimary")):
        contact_id = text(row, "ContactId")
        if contact_id is not None and contact_id not in found:
            found[contact_id] = Contact(
                id=contact_id,
                name=text(row, "Contact.Name") or "",
                email=text(row, "Contact.Email"),
                phone=text(row, "Contact.Phone"),
                title=text(row, "Contact.Title"),
                role=text(row, "Role"),
                primary=flag(row, "IsPrimary"),
            )
    return tuple(found.values())


def notes(record: Mapping[str, Any]) -> tuple[tuple[Note, ...], bool]:
    """Give the newest notes of both kinds, newest first, and whether some are left out."""
    old = [_old_note(row) for row in _first(record, "Notes")]
    new = [
        _new_note(row)
        for row in _first(record, "ContentDocumentLinks")
        if text(row, "ContentDocument.FileType") == _NOTE_FILE
    ]
    ordered = sorted([*old, *new], key=lambda note: (_when(note), note.id), reverse=True)
    return tuple(ordered[: MOST["Notes"]]), len(ordered) > MOST["Notes"]


def activities(record: Mapping[str, Any]) -> tuple[Activity, ...]:
    """Give the open tasks, then the events."""
    return tuple(
        Activity(
            id=text(row, "Id") or "",
            kind=kind,
            subject=text(row, "Subject") or "",
            status=text(row, "Status"),
            on=_day(row, "ActivityDate"),
            owner=text(row, "Owner.Name"),
        )
        for kind in ("Task", "Event")
        for row in _first(record, f"{kind}s")
    )


def stage_history(record: Mapping[str, Any]) -> tuple[StageMove, ...]:
    """Give the moves to a stage, newest first.

    Salesforce writes a row for changes of amount and close date too: of rows with one stage in a row the
    oldest is the move. When older rows are left out, the last stage's move, maybe among
    them, is not given.
    """
    listed = _first(record, "OpportunityHistories")
    moves = [
        StageMove(
            stage=text(row, "StageName") or "", at=moment(row, "CreatedDate"), by=text(row, "CreatedBy.Name")
        )
        for row in listed
    ]
    oldest = [list(same)[-1] for _, same in groupby(moves, key=attrgetter("stage"))]
    is_cut = len(rows(record, "OpportunityHistories")) > len(listed)
    return tuple(oldest[:-1] if is_cut and len(oldest) > 1 else oldest)


def _first(record: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    return rows(record, name)[: MOST[name]]


def _old_note(row: Mapping[str, Any]) -> Note:
    body, cut = neutral(text(row, "Body") or "")
    return Note(
        id=text(row, "Id") or "",
        title=text(row, "Title") or "",
        text=body,
        truncated=cut,
        created_at=moment(row, "CreatedDate"),
        author=text(row, "Owner.Name"),
        source="Note",
    )


def _new_note(row: Mapping[str, Any]) -> Note:
    preview = text(row, "ContentDocument.LatestPublishedVersion.TextPreview") or ""
    body, cut = neutral(preview)
    return Note(
        id=text(row, "ContentDocumentId") or "",
        title=text(row, "ContentDocument.Title") or "",
        text=body,
        truncated=cut or preview_is_cut(preview),
        created_at=moment(row, "ContentDocument.CreatedDate"),
        author=text(row, "ContentDocument.Owner.Name"),
        source="ContentNote",
    )


def _when(note: Note) -> float:
    return note.created_at.timestamp() if note.created_at else 0.0


def _day(row: Mapping[str, Any], path: str) -> date | None:
    found = text(row, path)
    return date.fromisoformat(found) if found else None

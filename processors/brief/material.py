"""What a brief may rest on: every note, activity, contact, stage move and form answer, each with a source id.

Whatever was written by people is untrusted text: it is made plain and bounded here, before any rule reads it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from schemas.brief import Source, SourceKind
from schemas.deal import Activity, Contact, EnrichedDeal, Note, Opportunity, StageMove
from schemas.plain_text import one_line, plain

__all__ = ["Material", "Piece", "material"]

_MOST_PIECES = 50
"""Of each kind."""
_LONGEST_PIECE = 6_000
_MOST_TEXT = 60_000
"""Characters of all pieces together; what comes later is left out."""
_LONGEST_TITLE = 80
_DEEPEST_ANSWER = 3


@dataclass(frozen=True, slots=True)
class Piece:
    """One source and its text."""

    source: Source
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The pieces by kind, in the order of the deal's own lists, and the deal they belong to."""

    deal: EnrichedDeal
    about: Piece
    """Close date, next step and description of the opportunity itself."""
    forms: tuple[Piece, ...]
    notes: tuple[Piece, ...]
    activities: tuple[Piece, ...]
    contacts: tuple[Piece, ...]
    stages: tuple[Piece, ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All of them: what people typed for the handoff first, the newest note before older ones."""
        return (*self.forms, self.about, *self.notes, *self.activities, *self.contacts, *self.stages)


def material(deal: EnrichedDeal, answers: Mapping[str, Any]) -> Material:
    """Give the numbered sources of a deal; the same deal and answers give the same numbers.

    `answers` are form answers by name; an answer may hold answers by name, or a list.
    """
    room = _Room()
    return Material(
        deal=deal,
        forms=room.pieces("form", (_form(name, value) for name, value in _flat(answers))),
        about=room.pieces("deal", [_about(deal.opportunity, deal.as_of)])[0],
        notes=room.pieces("note", map(_note, deal.notes)),
        activities=room.pieces("activity", map(_activity, deal.activities)),
        contacts=room.pieces("contact", map(_contact, deal.contacts)),
        stages=room.pieces("stage", map(_stage, deal.stage_history)),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    title: str
    text: str
    at: datetime | None = None
    record_id: str = ""


class _Room:
    """Numbers pieces, and takes their texts as long as there is room."""

    def __init__(self) -> None:
        self._left = _MOST_TEXT

    def pieces(self, kind: SourceKind, found: Iterable[_Found]) -> tuple[Piece, ...]:
        made = []
        for number, each in enumerate(found, start=1):
            if number > _MOST_PIECES:
                break
            text = plain(each.text[: _LONGEST_PIECE * 2])[: min(_LONGEST_PIECE, self._left)]
            self._left -= len(text)
            source = Source(
                id=f"{kind[0]}{number}",
                kind=kind,
                title=one_line(each.title, _LONGEST_TITLE),
                at=each.at,
                record_id=each.record_id[:18],
            )
            made.append(Piece(source, text))
        return tuple(made)


def _about(opportunity: Opportunity, at: datetime | None) -> _Found:
    closes = f"Close date: {opportunity.close_date}" if opportunity.close_date is not None else None
    told = [text for text in (closes, opportunity.next_step, opportunity.description) if text]
    return _Found(opportunity.name, "\n".join(told), at, opportunity.id)


def _note(note: Note) -> _Found:
    text = f"{note.text}…" if note.truncated else note.text
    return _Found(note.title, text, note.created_at, note.id)


def _activity(activity: Activity) -> _Found:
    at = datetime.combine(activity.on, time(), UTC) if activity.on is not None else None
    told = [activity.kind.lower(), activity.status, activity.owner]
    text = f"{activity.subject} ({', '.join(part for part in told if part)})"
    return _Found(activity.subject, text, at, activity.id)


def _contact(contact: Contact) -> _Found:
    """Tell who it is; how to reach a person is no part of a brief."""
    told = [contact.title, contact.role, "primary contact" if contact.primary else None]
    detail = ", ".join(part for part in told if part)
    return _Found(contact.name, f"{contact.name}: {detail}" if detail else contact.name, record_id=contact.id)


def _stage(move: StageMove) -> _Found:
    return _Found(move.stage, f"{move.stage}{f' (by {move.by})' if move.by else ''}", move.at)


def _form(name: str, value: Any) -> _Found:
    return _Found(name.rpartition(".")[2].replace("_", " ").replace("-", " ").strip().capitalize(), value)


def _flat(answers: Mapping[str, Any], before: str = "", depth: int = 1) -> Iterator[tuple[str, str]]:
    for name, value in answers.items():
        path = f"{before}{name}"
        if isinstance(value, Mapping):
            if depth < _DEEPEST_ANSWER:
                yield from _flat(value, f"{path}.", depth + 1)
        elif text := _text(value):
            yield path, text


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, Sequence):
        return "\n".join(part for part in map(_text, value[:_MOST_PIECES]) if part)
    return str(value)

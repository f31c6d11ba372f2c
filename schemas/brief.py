"""The handoff brief: what whoever takes a customer over must know, each statement with where it stands."""

from typing import ClassVar, Literal

from schemas.base import Moment, Part, Record
from schemas.deal import EnrichedDeal

__all__ = [
    "MODEL",
    "SECTIONS",
    "STRUCTURED",
    "Brief",
    "Message",
    "Section",
    "Source",
    "SourceKind",
    "Statement",
    "WriteBrief",
]

Section = Literal["goals", "stakeholders", "commitments", "risks", "dates", "open_questions"]
SECTIONS: tuple[Section, ...] = ("goals", "stakeholders", "commitments", "risks", "dates", "open_questions")
"""The parts of a brief, in the order they are shown."""

SourceKind = Literal["deal", "form", "note", "activity", "contact", "stage"]

STRUCTURED, MODEL = "structured", "model"
"""Who wrote a brief: our rules, or a language model."""


class Source(Part):
    """Where a statement comes from. `id` is short and holds within one brief: `n1` is its first note.

    `record_id` is the Salesforce record's, where it has one; `at` is when it was written, or falls due.
    """

    id: str = ""
    kind: SourceKind = "note"
    title: str = ""
    at: Moment | None = None
    record_id: str = ""


class Statement(Part):
    """One line of plain text without markup, and the ids of the sources it rests on (at least one)."""

    text: str = ""
    sources: tuple[str, ...] = ()


class Brief(Part):
    """A deal's brief; `processors.brief.assembling` holds its bounds. Only sources that are cited are listed.

    `fell_back` says why the model was asked and our rules wrote it all the same; else it is empty.
    """

    goals: tuple[Statement, ...] = ()
    stakeholders: tuple[Statement, ...] = ()
    commitments: tuple[Statement, ...] = ()
    risks: tuple[Statement, ...] = ()
    dates: tuple[Statement, ...] = ()
    open_questions: tuple[Statement, ...] = ()
    sources: tuple[Source, ...] = ()
    written_by: Literal["structured", "model"] = "structured"
    fell_back: str = ""

    def section(self, name: Section) -> tuple[Statement, ...]:
        """Give the statements of a section."""
        found: tuple[Statement, ...] = getattr(self, name)
        return found


class Message(Part):
    """One message to a language model."""

    role: Literal["system", "user"] = "user"
    content: str = ""


class WriteBrief(Record):
    """Asks for the brief of a deal. `id` is the effect id; `answers` are form answers as text, by name.

    The result's output has `brief`, the JSON of a `Brief`, `written_by` and `fell_back`.
    """

    ce_type: ClassVar[str] = "dealwire.brief.write"

    opportunity_id: str = ""
    run_id: str = ""
    step_id: str = ""
    attempt: int = 1
    deal: EnrichedDeal | None = None
    answers: dict[str, str] = {}

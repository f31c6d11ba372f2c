"""Which briefs are kept: so that a command is answered the same again, and the same content is asked once."""

from dataclasses import dataclass
from datetime import date

from schemas.brief import MODEL, Brief
from schemas.brief_book import BriefBook, KeptBrief, KeptBriefs

__all__ = ["Booked", "answered_before", "booked", "spent", "with_brief", "written_before"]

_MOST_OF_ONE_DEAL = 3
MOST_DEALS = 200
"""In one partition; those that were written longest ago are forgotten."""


@dataclass(frozen=True, slots=True)
class Booked:
    """The book after a brief, and the keys whose briefs are to be forgotten."""

    book: BriefBook
    forgotten: tuple[str, ...]


def answered_before(kept: KeptBriefs, command_id: str, attempt: int) -> Brief | None:
    """Give the brief that this very attempt was answered with."""
    return next(
        (each.brief for each in kept.briefs if (each.command_id, each.attempt) == (command_id, attempt)), None
    )


def written_before(kept: KeptBriefs, digest: str) -> Brief | None:
    """Give the brief that the model wrote of this content; what our rules wrote instead is not one."""
    return next(
        (each.brief for each in kept.briefs if each.digest == digest and each.brief.written_by == MODEL), None
    )


def with_brief(kept: KeptBriefs, entry: KeptBrief) -> KeptBriefs:
    """Keep one more brief of a deal."""
    return KeptBriefs(briefs=(*kept.briefs, entry)[-_MOST_OF_ONE_DEAL:])


def spent(book: BriefBook, day: date) -> int:
    """Give the tokens spent on a day."""
    return book.tokens if book.day == day else 0


def booked(book: BriefBook, key: str, *, day: date, tokens: int) -> Booked:
    """Enter a brief of `key` and what it cost."""
    kept = (*(each for each in book.kept if each != key), key)
    after = BriefBook(day=day, tokens=spent(book, day) + tokens, kept=kept[-MOST_DEALS:])
    return Booked(after, kept[:-MOST_DEALS])

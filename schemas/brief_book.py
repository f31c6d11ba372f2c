"""What is remembered of briefs that were written, and of what they cost."""

from datetime import date

from schemas.base import Part
from schemas.brief import Brief

__all__ = ["BriefBook", "KeptBrief", "KeptBriefs"]


class KeptBrief(Part):
    """One brief: for which attempt of which command, and the hash of all that the model was sent for it."""

    command_id: str
    attempt: int = 1
    digest: str = ""
    brief: Brief


class KeptBriefs(Part):
    """The last briefs of one opportunity, oldest first."""

    briefs: tuple[KeptBrief, ...] = ()


class BriefBook(Part):
    """The book of one partition: tokens spent on `day` (UTC), and whose briefs are kept, oldest first."""

    day: date | None = None
    tokens: int = 0
    kept: tuple[str, ...] = ()

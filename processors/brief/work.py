"""What the deal's tasks and events say: what is promised, what is overdue, what is coming."""

from collections.abc import Iterator

from processors.brief.material import Material
from schemas.brief import Section, Statement

__all__ = ["work"]

_DONE = frozenset({"completed", "closed", "done", "cancelled", "canceled"})


def work(material: Material) -> Iterator[tuple[Section, Statement]]:
    """Give tasks that are not done as commitments, as risks once they are past due; and events to come.

    The moment that decides is the one the deal was read at; without it nothing is past due.
    """
    today = material.deal.as_of.date() if material.deal.as_of is not None else None
    for activity, piece in zip(material.deal.activities, material.activities, strict=False):
        if not activity.subject or (activity.status or "").casefold() in _DONE:
            continue
        past = activity.on is not None and today is not None and activity.on < today
        who = f" ({activity.owner})" if activity.owner else ""
        sources = (piece.source.id,)
        if activity.kind == "Event":
            if activity.on is not None and not past:
                yield "dates", Statement(text=f"{activity.on}: {activity.subject}{who}", sources=sources)
        elif past:
            overdue = f"Overdue since {activity.on}: {activity.subject}{who}"
            yield "risks", Statement(text=overdue, sources=sources)
        else:
            due = f", due {activity.on}" if activity.on is not None else ""
            yield "commitments", Statement(text=f"Open task: {activity.subject}{who}{due}", sources=sources)

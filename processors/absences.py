"""Pausing people: the control records that keep accounts from them in every queue, and give them back."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches

from processors.catalogue import Catalogue, control_record
from schemas.control import ControlRecord
from schemas.definition.queue import Absence, Queue, identity
from schemas.errors import UsageError


def pause(
    email: str, absence: Absence, catalogue: Catalogue, *, at: datetime, actor: str
) -> ControlRecord | None:
    """Pause somebody; None if they are paused just so.

    Raises `UsageError` if they are in no queue, or if the last day is over in every time zone.
    """
    who = _member(email, catalogue.queues)
    if absence.until is not None and (at.date() - absence.until).days > 1:  # zones are a day apart
        raise UsageError(f"{absence.until} is over already", todo="Name the last day of the absence.")
    return _changed(who, absence, catalogue, at, actor)


def resume(email: str, catalogue: Catalogue, *, at: datetime, actor: str) -> ControlRecord | None:
    """Give accounts to somebody again; None if they are not paused. Raises `UsageError` if nobody is it."""
    who = identity(email)
    if who not in catalogue.absences:
        who = _member(email, catalogue.queues)
    return _changed(who, Absence(), catalogue, at, actor)


def queues_of(email: str, queues: Mapping[str, Queue]) -> list[str]:
    """Give the names of the queues that somebody is in."""
    return sorted(queue.name for queue in queues.values() if identity(email) in _people([queue]))


def _changed(
    who: str, absence: Absence, catalogue: Catalogue, at: datetime, actor: str
) -> ControlRecord | None:
    if catalogue.absences.get(who, Absence()) == absence:
        return None
    return control_record("absence", who, 0, absence.model_dump_json(), at=at, actor=actor)


def _member(email: str, queues: Mapping[str, Queue]) -> str:
    people = _people(queues.values())
    who = identity(email)
    if who not in people:
        near = get_close_matches(who, people, n=1)
        raise UsageError(
            f"{email} is in no queue",
            todo=f"Did you mean {near[0]}?" if near else "Type: dealwire queues list",
        )
    return who


def _people(queues: Iterable[Queue]) -> set[str]:
    return {identity(member.email) for queue in queues for member in queue.members if member.email}


FOR_GOOD = date.max
"""The last day of somebody who is paused until they are resumed."""

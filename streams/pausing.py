"""Keeps accounts from somebody in every queue, or gives them back, through the topic `control`."""

import asyncio
from datetime import datetime

from processors import absences
from processors.absences import queues_of
from schemas.definition.queue import Absence
from streams.control import write
from streams.definitions import connected
from streams.settings import Settings


async def pause(
    settings: Settings, email: str, absence: Absence | None, *, at: datetime, actor: str
) -> list[str] | None:
    """Pause somebody, or resume them where there is no absence; give their queues, None if none changed.

    Saying it twice changes nothing. Raises `UsageError` for somebody who is in no queue or for a day that is
    over, and `UnavailableError`.
    """
    records, catalogue = await connected(settings)
    if absence is not None:
        record = absences.pause(email, absence, catalogue, at=at, actor=actor)
    else:
        record = absences.resume(email, catalogue, at=at, actor=actor)
    if record is None:
        return None
    await asyncio.to_thread(write, settings.kafka, records, [record])
    return queues_of(email, catalogue.queues)

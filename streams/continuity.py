"""Notices a record that Faust took from Kafka and never gave to its agent.

`streams/faust_driver.py` tells how that came about; whether it is the only way nobody can say, and Faust's
commit goes past a missing record without a word. So the offsets that arrive must follow one another, from
the committed one on. Where they do not, Kafka is asked
whether the missing offsets hold records; transaction markers and deleted segments leave holes that are none.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from schemas.errors import BrokenInvariantError

HoldsRecords = Callable[[str, int, int, int], Awaitable[bool]]
"""Whether topic, partition, from offset, before offset, holds a record."""

log = structlog.get_logger(__name__)


class SkippedRecordError(BrokenInvariantError):
    """A record never reached its agent. The worker must end; the next one starts at the committed offset."""


@dataclass(slots=True)
class Continuity:
    """What arrived last in each partition, and in which generation of the group's assignment."""

    holds_records: HoldsRecords
    _last: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)

    async def check(self, message: Any, committed: int | None) -> None:
        """Take note of a message, `committed` being its partition's committed offset if there is one.

        Raises `SkippedRecordError`.
        """
        place = (message.topic, message.partition)
        generation, last = self._last.get(place, (None, 0))
        expected = last + 1 if generation == message.generation_id else committed or 0
        self._last[place] = (message.generation_id, message.offset)
        if message.offset <= expected:
            return
        if await self.holds_records(*place, expected, message.offset):
            raise SkippedRecordError(
                f"records from offset {expected} to {message.offset - 1} never reached the agent",
                on=f"{message.topic}[{message.partition}]",
                todo="Nothing: the worker starts again from the committed offset.",
            )
        log.info("offsets without records", topic=message.topic, first=expected, next=message.offset)

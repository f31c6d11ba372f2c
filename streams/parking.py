"""What lies aside, as the agents of a process know it: the dead-letter topic, read whole and kept up to date.

Whoever gets a partition from another worker reads to the end of the topic before its first record, so that
it knows everything that worker set aside. What this process sets aside it knows at once.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog

from connectors.kafka.config import KafkaConfig
from connectors.kafka.tail import Tail, following
from processors.parking import Parked, ParkedError, Passed, Turn
from schemas.dead_letter import TOPIC, Letter, Place, read, seat_of
from schemas.errors import UnavailableError, WrongMagicError
from streams.job import Headers

_REFRESH_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Parking:
    """Holds what is aside now."""

    def __init__(self, config: KafkaConfig) -> None:
        self._tail = Tail(config, TOPIC)
        self._task: asyncio.Task[None] | None = None
        self._one = asyncio.Lock()
        self.now = Parked()

    async def start(self) -> None:
        """Read the topic to its end, then go on in the background. Raises `UnavailableError`."""
        await self.catch_up()
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        async with self._one:
            await asyncio.to_thread(self._tail.close)

    async def catch_up(self) -> None:
        """Know everything that is in the topic at this moment. Raises `UnavailableError`."""
        await self._refresh(to_the_end=True)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH_SECONDS)
            try:
                await self._refresh(to_the_end=False)
            except UnavailableError as error:
                log.warning("marks about dead letters cannot be read now", error=str(error))

    async def _refresh(self, *, to_the_end: bool) -> None:
        async with self._one:
            batches = self._tail.to_the_end() if to_the_end else self._tail.come()
            while (batch := await asyncio.to_thread(following, batches)) is not None:
                for message in batch:
                    place = Place(message.topic, message.partition, message.offset)
                    size = len(message.value or b"")
                    self.now.take(read(place, message.key, size, message.headers), place)


@dataclass(frozen=True, slots=True)
class Gate:
    """Stands before an agent that minds the order of a key. `passed` knows what it has committed."""

    agent: str
    parking: Parking
    passed: Passed

    def turn(self, message: Any) -> tuple[Turn, Place | None]:
        """Say what is to become of a Faust message, and behind what it waits."""
        headers = message.headers or ()
        origin = Place(message.topic, message.partition, message.offset)
        seat = seat_of(headers, self.agent)
        return self.parking.now.turn(self.agent, message.key or b"", origin, seat, self.passed)

    def keeps(self, message: Any, error: Exception) -> bool:
        """Whether later records of the key must wait for this one.

        Not for what can never be a record of ours: no release reads bytes without our magic byte, or nothing.
        """
        return bool(message.key) and message.value is not None and not isinstance(error, WrongMagicError)

    def lies(self, message: Any, headers: Headers, landed: "asyncio.Future[Any]") -> None:
        """Take note of a letter that Kafka has acknowledged."""
        if landed.cancelled() or landed.exception() is not None:
            return  # the worker ends
        at = landed.result()
        letter = read(
            Place(at.topic, at.partition, at.offset), message.key, len(message.value or b""), headers
        )
        if isinstance(letter, Letter):
            self.parking.now.put(letter)


def waiting(behind: Place | None) -> ParkedError:
    """Give the reason of a record that waits."""
    return ParkedError(
        f"parked behind {behind}, an earlier record of its key",
        todo="Redrive or discard that one; this one goes with it.",
    )

"""Everything that people do about dead letters, for the commands and the API alike."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from connectors.kafka.delivery import Delivery
from connectors.kafka.scan import Message
from connectors.ports import Clock
from processors.dead_letters import Board, Filter, Redrive, redrive
from schemas.base import Record
from schemas.dead_letter import TOPIC, Letter
from schemas.topics import TOPICS
from streams.letters import bodies, content, put
from streams.pace import Pace
from streams.redrive import Redriver
from streams.redrive_rounds import Outcome, in_rounds
from streams.settings import Settings
from streams.whole_topic import WholeTopic


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealing:
    """In whose name letters are dealt with, why, and how fast: `rate` a second, 0 without bound.

    A redrive waits `wait_seconds` for the agents in each round, so that it can send what came meanwhile.
    """

    actor: str
    why: str = ""
    rate: float = 0
    wait_seconds: float = 30


class LetterDesk:
    """Shows what lies aside, and deals with it. Close it when done.

    The topic is read whole once, and read on each time somebody looks.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._topic = WholeTopic(settings.kafka, TOPIC, self._put)
        self._board = Board()

    async def board(self) -> Board:
        """Give what lies aside now, and what was dealt with. Raises `UnavailableError`."""
        self._board.forget(await self._topic.refresh())
        return self._board

    async def close(self) -> None:
        """Let go of the connection."""
        await self._topic.close()

    async def body(self, letter: Letter) -> tuple[Message, Record | None, str]:
        """Give a letter's bytes, and its record as today's code reads it, or why it cannot.

        Raises `UnavailableError`, or `BrokenInvariantError` where Kafka has deleted it meanwhile.
        """
        ((_, message),) = await asyncio.to_thread(lambda: list(bodies(self._settings.kafka, [letter])))
        return message, *await content(self._settings, message)

    def plan(self, board: Board, wanted: Filter) -> Redrive:
        """Say what a redrive of these would send back, in which order, and what it would leave."""
        return redrive(board.in_order(), wanted.means, topics=self._ours)

    def topic(self, name: str) -> str:
        """Give the full name of a topic of the topic table, as letters say where they came from."""
        return self._settings.kafka.topic(name)

    async def redrive(
        self, letters: Sequence[Letter], how: Dealing, on_done: Callable[[int], None]
    ) -> Outcome:
        """Send letters back in this order, and then what was parked behind them meanwhile.

        At least once, in order per key. `on_done` hears how many more were sent. Raises what `Redriver` does.
        """
        async with self._redriver(how, on_done) as redriver:
            return await in_rounds(
                self._settings.kafka, redriver, letters, topics=self._ours, wait_seconds=how.wait_seconds
            )

    async def discard(self, letters: Sequence[Letter], how: Dealing, on_done: Callable[[int], None]) -> None:
        """Mark letters as needed by nobody; they stay in the topic. Raises what `Redriver` does."""
        async with self._redriver(how, on_done) as redriver:
            await redriver.discard(letters)

    @property
    def _ours(self) -> frozenset[str]:
        return frozenset(self._settings.kafka.topic(name) for name in TOPICS)

    @asynccontextmanager
    async def _redriver(self, how: Dealing, on_done: Callable[[int], None]) -> AsyncIterator[Redriver]:
        delivery = Delivery(self._settings.kafka)
        await delivery.start()
        try:
            yield Redriver(
                self._settings.kafka,
                delivery,
                clock=self._clock,
                actor=how.actor,
                why=how.why,
                pace=Pace(how.rate),
                on_done=on_done,
            )
        finally:
            await delivery.stop()

    async def _put(self, message: Message) -> None:
        put(self._board, message)

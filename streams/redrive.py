"""Sends dead letters back to where they came from, or marks them discarded.

A letter's record is in Kafka before its mark is: whoever dies in between sends it once more when he begins
again, and an agent that gets it twice answers it again. The records of a key go back in the order given.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aiokafka.errors import KafkaError

from connectors.kafka.config import KafkaConfig
from connectors.kafka.delivery import Delivery
from connectors.kafka.scan import Message
from connectors.ports import Clock
from schemas.dead_letter import TOPIC, Kind, Letter, Place
from schemas.errors import RefusedError
from streams.dead_letters import mark, sent_back
from streams.letters import bodies
from streams.pace import Pace

_AT_ONCE = 500
_BYTES_IN_MEMORY = 64 * 1024 * 1024
_HEADERS_BYTES = 3000
"""What the headers of a letter take up in memory, about."""
Ends = dict[tuple[str, str, int], int]
"""The last offset that was sent back, by agent, topic and partition."""


class Redriver:
    """Deals with letters in somebody's name. `on_done` hears how many more were dealt with.

    Delivery guarantee: at least once, in order per key; a letter counts as dealt with once its mark is in
    Kafka. Raises `UnavailableError`, and `RefusedError` for a record that Kafka does not take; every letter
    sent back before is marked then.
    """

    def __init__(
        self,
        config: KafkaConfig,
        delivery: Delivery,
        *,
        clock: Clock,
        actor: str,
        why: str = "",
        pace: Pace | None = None,
        on_done: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._config = config
        self._delivery = delivery
        self._clock = clock
        self._actor = actor
        self._why = why
        self._pace = pace or Pace()
        self._on_done = on_done

    async def redrive(self, letters: Sequence[Letter]) -> Ends:
        """Send letters back, in this order. Gives the last offset of each agent, topic and partition."""
        ends: Ends = {}
        for few in _slices(letters):
            held = await asyncio.to_thread(_by_id, self._config, few)
            for some in self._portions(few):
                await self._send_back([(letter, held[letter.id]) for letter in some], ends)
                self._on_done(len(some))
                await self._pace.did(len(some))
        return ends

    async def discard(self, letters: Sequence[Letter]) -> None:
        """Mark letters as dealt with; they stay in the topic."""
        for some in self._portions(letters):
            await self._mark(Kind.DISCARDED, [(letter, None) for letter in some])
            self._on_done(len(some))
            await self._pace.did(len(some))

    async def _send_back(self, held: Sequence[tuple[Letter, Message]], ends: Ends) -> None:
        futures = [
            await self._delivery.send(
                letter.origin.topic,
                message.key or None,
                message.value,
                headers=sent_back(letter, message.headers),
            )
            for letter, message in held
        ]
        results = await asyncio.gather(*futures, return_exceptions=True)
        gone: list[tuple[Letter, Place | None]] = []
        refused: list[tuple[Letter, BaseException]] = []
        for (letter, _), result in zip(held, results, strict=True):
            if isinstance(result, BaseException):
                refused.append((letter, result))
            else:
                gone.append((letter, Place(result.topic, result.partition, result.offset)))
                ends[letter.agent, result.topic, result.partition] = result.offset
        await self._mark(Kind.REDRIVEN, gone)
        for letter, error in refused:
            raise RefusedError(
                f"Kafka does not take the record back: {error!r}",
                on=f"letter {letter.id}, for {letter.origin.topic}",
                todo="Look at it, and discard it or let the topic take it: "
                f"dealwire dead-letters show {letter.id}",
            ) from error

    async def _mark(self, kind: Kind, letters: Sequence[tuple[Letter, Place | None]]) -> None:
        at = self._clock.now()
        futures: list[asyncio.Future[Any]] = [
            await self._delivery.send(
                self._config.topic(TOPIC),
                letter.key or None,
                b"",
                headers=mark(letter, kind, actor=self._actor, at=at, why=self._why, to=to),
                partition=letter.place.partition,
            )
            for letter, to in letters
        ]
        try:
            await asyncio.gather(*futures)
        except KafkaError as error:
            raise RefusedError(
                f"Kafka does not take the mark: {error!r}", on=self._config.topic(TOPIC)
            ) from error

    def _portions(self, letters: Sequence[Letter]) -> Iterator[Sequence[Letter]]:
        count = self._pace.at_once(_AT_ONCE)
        for start in range(0, len(letters), count):
            yield letters[start : start + count]


def _slices(letters: Sequence[Letter]) -> Iterator[Sequence[Letter]]:
    """Cut into pieces whose bytes may be in memory together; a single letter may be larger."""
    few: list[Letter] = []
    size = 0
    for letter in letters:
        if few and size + letter.size > _BYTES_IN_MEMORY:
            yield few
            few, size = [], 0
        few.append(letter)
        size += letter.size + _HEADERS_BYTES
    if few:
        yield few


def _by_id(config: KafkaConfig, letters: Sequence[Letter]) -> dict[str, Message]:
    return {letter.id: message for letter, message in bodies(config, letters)}

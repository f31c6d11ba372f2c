"""The one envelope of all agents: raw bytes in, acknowledged only when all they caused is in Kafka.

Inputs of different keys are worked off side by side, those of one key strictly one after the other: the next
begins when everything the former caused is acknowledged. Acknowledgements go back to Faust in order. A record
that cannot be read or handled is set aside whole in the dead-letter topic; where a large share of them fails,
the worker ends instead. A delivery that Kafka gives back for good ends it too, with nothing acknowledged from
there on. Measured and argued in
docs/decisions/0010-agent-envelope.md.

Delivery guarantee: at least once, in order per key.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog

from connectors.kafka.pulse import FrozenError
from connectors.ports import Clock
from processors.breaker import Breaker, TooManyFailuresError
from processors.parking import Turn
from schemas.dead_letter import TOPIC
from schemas.errors import (
    BrokenInvariantError,
    DealwireError,
    UnreadableError,
)
from streams.continuity import Continuity
from streams.dead_letters import headers
from streams.job import Handler, Job, LostDeliveryError, Origin, settle
from streams.metrics import DEAD_LETTERS, FAILING_SHARE, IN_FLIGHT, PARKED, RECORDS_DONE, RETRIES, Metrics
from streams.outbox import Outbox
from streams.parking import Gate, waiting
from streams.progress import Entry, Progress
from streams.reading import decoded
from streams.tracing import continued

_MOST_LINGERS = 5
_WORTH_LINGERING = 5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What may be under way at once. `side_by_side` bounds handlers that talk to somebody outside Kafka."""

    inputs: int = 2000
    bytes: int = 64 * 1024 * 1024
    side_by_side: int | None = None
    batch: int = 1
    linger_seconds: float = 0.0


class Envelope:
    """Takes the events of one agent's stream; `handler` gets up to `limits.batch` inputs of one key."""

    def __init__(
        self,
        name: str,
        handler: Handler,
        *,
        outbox: Outbox,
        metrics: Metrics,
        clock: Clock,
        on_lost: Callable[[BaseException], None],
        continuity: Continuity | None = None,
        breaker: Breaker | None = None,
        gate: Gate | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._name = name
        self._handler = handler
        self._outbox = outbox
        self._metrics = metrics
        self._clock = clock
        self._on_lost = on_lost
        self._continuity = continuity
        self._breaker = breaker or Breaker()
        self._gate = gate
        self._limits = limits or Limits()
        if gate is not None and self._limits.batch > 1:
            raise BrokenInvariantError("an agent that minds the order takes one input at a time", on=name)
        self._progress: Progress[Any] = Progress()
        self._lanes: dict[bytes, deque[Entry[Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(self._limits.side_by_side or self._limits.inputs)
        self._inputs = 0
        self._bytes = 0
        self._lost = False
        self._room = asyncio.Event()
        self._room.set()
        metrics.watch(IN_FLIGHT, lambda: self._inputs, agent=name)
        metrics.watch(FAILING_SHARE, lambda: self._breaker.failing, agent=name)

    @property
    def in_flight(self) -> int:
        """How many inputs were taken and are not finished."""
        return self._inputs

    async def take(self, event: Any, committed: int | None = None) -> None:
        """Take one Faust event of a stream without automatic acknowledgement; waits while there is no room.

        `committed` is the offset its partition is committed at, as Faust knows it. Never raises: what goes
        wrong is a dead letter or ends the worker.
        """
        message = event.message
        if self._continuity is not None:
            try:
                await self._continuity.check(message, committed)
            except DealwireError as error:
                self._lose(error)
        await self._room.wait()
        entry = self._progress.begin((message.topic, message.partition), event)
        self._count(1, message)
        lane = self._lanes.get(message.key or b"")
        if lane is None:
            lane = self._lanes[message.key or b""] = deque((entry,))
            task = asyncio.create_task(self._run(message.key or b"", lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            lane.append(entry)

    async def _run(self, key: bytes, lane: deque[Entry[Any]]) -> None:
        """Work off one key until nothing of it waits."""
        try:
            while lane:
                await self._linger(lane)
                batch = [lane.popleft() for _ in range(min(len(lane), self._limits.batch))]
                await self._work_off(batch)
            del self._lanes[key]
        except Exception as error:  # noqa: BLE001  # an input that cannot be finished must not be forgotten
            self._lose(error)

    async def _linger(self, lane: deque[Entry[Any]]) -> None:
        """Wait for others to share a batch, and on while they come in numbers: under load it fills."""
        for _ in range(_MOST_LINGERS if self._limits.linger_seconds else 0):
            before = len(lane)
            if before >= self._limits.batch:
                return
            await asyncio.sleep(self._limits.linger_seconds)
            if len(lane) - before < _WORTH_LINGERING:
                return

    async def _work_off(self, batch: list[Entry[Any]]) -> None:
        jobs: list[Job] = []
        futures: list[asyncio.Future[Any]] = []
        for entry in batch:
            if self._gate is not None and not await self._turn(self._gate, entry.item.message, futures):
                continue
            try:
                jobs.append(await self._job(entry.item.message))
            except Exception as error:  # noqa: BLE001  # whatever a record is, the agent outlives it
                futures.append(await self._set_aside(entry.item.message, error))
        if jobs:
            await self._attempt(jobs, [entry.item.message for entry in batch], futures)
        await settle([*(future for job in jobs for future in job.caused), *futures])
        for entry in batch:
            self._count(-1, entry.item.message)
            for event in self._progress.finish(entry):
                event.ack()

    async def _turn(self, gate: Gate, message: Any, futures: list[asyncio.Future[Any]]) -> bool:
        """Whether a record may be worked off; one that waits for an earlier one is set aside behind it."""
        turn, behind = gate.turn(message)
        if turn is Turn.WAIT:
            self._metrics.add(PARKED, agent=self._name)
            futures.append(await self._send_aside(message, waiting(behind), holds=True))
        elif turn is Turn.ASIDE:
            log.warning("record lies aside already", agent=self._name, origin=str(_origin(message)))
        return turn is Turn.GO

    async def _attempt(
        self, jobs: list[Job], messages: list[Any], futures: list[asyncio.Future[Any]]
    ) -> None:
        try:
            async with self._slots:
                await self._handler(jobs)
        except (LostDeliveryError, FrozenError):
            raise
        except Exception as error:  # noqa: BLE001  # a handler's mistake must not stop the records behind it
            if len(jobs) > 1:
                for job in jobs:
                    await self._attempt([job], messages, futures)
                return
            message = next(each for each in messages if _origin(each) == jobs[0].origin)
            futures.append(await self._set_aside(message, error))
        else:
            self._breaker.handled(len(jobs))
            self._metrics.add(RECORDS_DONE, len(jobs), agent=self._name)

    async def _job(self, message: Any) -> Job:
        if not message.key:
            raise UnreadableError("the record has no key, so nobody knows what it belongs to")
        if message.value is None:
            raise UnreadableError("the record has no value; no topic of ours means anything by that")
        record = await decoded(self._outbox.records, message.value, self._retried)
        given = next((value for name, value in message.headers or () if name == "traceparent"), b"")
        return Job(
            record,
            message.key.decode(),
            _origin(message),
            continued(given.decode(errors="replace"), record.id),
            self._outbox,
        )

    def _retried(self) -> None:
        self._metrics.add(RETRIES, agent=self._name)

    async def _set_aside(self, message: Any, error: Exception) -> asyncio.Future[Any]:
        origin = _origin(message)
        self._breaker.failed()
        if self._breaker.broken:
            raise TooManyFailuresError(
                f"{self._breaker.failing:.0%} of the last records failed, the last with {error!r}",
                on=f"agent {self._name}, {origin}",
                todo="Mend what was deployed last, or let them be set aside with [worker] breaker_share = 0.",
            ) from error
        self._metrics.add(DEAD_LETTERS, agent=self._name)
        log.error("record set aside", agent=self._name, origin=str(origin), error=repr(error), exc_info=error)
        holds = self._gate is not None and self._gate.keeps(message, error)
        return await self._send_aside(message, error, holds=holds)

    async def _send_aside(self, message: Any, error: Exception, *, holds: bool) -> asyncio.Future[Any]:
        made = headers(
            message.headers or (),
            _origin(message),
            error,
            agent=self._name,
            at=self._clock.now(),
            holds=holds,
            failing=self._breaker.counts,
        )
        future = await self._outbox.delivery.send(
            self._outbox.config.topic(TOPIC),
            message.key,
            message.value if message.value is not None or message.key else b"",
            headers=made,
        )
        if self._gate is not None:
            # Called before whoever awaits the future goes on: the next record of the key finds it noted.
            future.add_done_callback(partial(self._gate.lies, message, made))
        return future

    def _lose(self, error: Exception) -> None:
        """Take and finish nothing more: the worker ends, and the next reads again from here."""
        if self._lost:
            return  # one cause is enough: thousands may be under way
        self._lost = True
        self._room.clear()
        log.error("agent stops: an input cannot be finished", agent=self._name, exc_info=error)
        self._on_lost(error)

    def _count(self, by: int, message: Any) -> None:
        self._inputs += by
        self._bytes += by * len(message.value or b"")
        if self._lost or self._inputs >= self._limits.inputs or self._bytes >= self._limits.bytes:
            self._room.clear()
        else:
            self._room.set()


def _origin(message: Any) -> Origin:
    at = datetime.fromtimestamp(message.timestamp or 0, UTC)
    return Origin(message.topic, message.partition, message.offset, at)

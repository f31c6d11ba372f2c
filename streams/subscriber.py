"""From a subscription to Kafka: every change published, the position moved only behind what Kafka has.

At least once, in the channel's order per record: a crash repeats what came after the last checkpoint, with
the same ids. A checkpoint stands at the end of the contiguous prefix that Kafka has acknowledged.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

import structlog

from connectors.kafka.config import KafkaConfig
from connectors.kafka.producer import Producer
from connectors.ports import RETAINED_EDGE, ChangeSource, Checkpoints, Clock, Received
from processors.checkpointing import (
    AcknowledgedPrefix,
    Place,
    holding,
    missing_since,
    next_after,
    place_of,
    subscribed_since,
    taken_over,
)
from schemas.errors import GapError, OversizedError, UnavailableError
from streams.metrics import (
    CAPTURE_CHECKPOINTS,
    CAPTURE_GAPS,
    CAPTURE_IN_FLIGHT,
    CAPTURE_LAG,
    CAPTURE_OVERSIZED,
    CAPTURE_PUBLISHED,
    CAPTURE_RECEIVED,
    CAPTURE_RECONNECTS,
    CAPTURE_SUBSCRIBED,
    DEAD_LETTERS,
    Metric,
    Metrics,
)
from streams.patience import patiently
from streams.publishing import Publisher
from streams.records import Records
from streams.standing import Standing

__all__ = ["Subscriber", "Wiring"]

_CHECKPOINT_EVERY_S = 0.2
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 30.0
_LONGEST_DOUBLING = 10
_LAST_ACKNOWLEDGEMENTS_S = 20.0
_SURELY_RETAINED = timedelta(hours=60)
"""Salesforce retains events for 72 hours."""

log = structlog.get_logger(__name__)
_chance = SystemRandom().random


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What a subscriber works with. `chance` draws from 0 to 1, for pauses that do not fall together.

    `pause` waits for seconds. `after_missing` gives the position to resume at where events since a moment are
    lost.
    """

    source: ChangeSource
    producer: Producer
    checkpoints: Checkpoints
    records: Records
    kafka: KafkaConfig
    metrics: Metrics
    clock: Clock
    chance: Callable[[], float] = _chance
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    after_missing: Callable[[datetime | None], str] = lambda _: RETAINED_EDGE


class Subscriber:
    """One channel of one org. `standing` says whether the subscription holds."""

    def __init__(self, wiring: Wiring, org_id: str, channel: str) -> None:
        self._wiring = wiring
        self._org_id = org_id
        self._channel = channel
        self._log = log.bind(org=org_id, channel=channel)
        self._checkpoint = taken_over(None, org_id, channel)
        self._prefix = AcknowledgedPrefix(Place())
        self._heard = ""
        """The last position this process was given; empty before the first, and after a gap."""
        self._is_in_gap = False
        self._missing_from: datetime | None = None
        self._skip_before: datetime | None = None
        self._moved = asyncio.Event()
        self._idle = asyncio.Event()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._publisher = Publisher(
            wiring.producer,
            wiring.records,
            wiring.kafka,
            on_moved=self._on_moved,
            on_failed=lambda error: None if self._failed.done() else self._failed.set_exception(error),
        )
        self._lag_s = 0.0
        self.standing = Standing(channel, wiring.clock)
        labels = {"org": org_id, "channel": channel}
        wiring.metrics.watch(CAPTURE_SUBSCRIBED, lambda: float(self.standing.is_subscribed), **labels)
        wiring.metrics.watch(CAPTURE_LAG, lambda: self._lag_s, **labels)
        wiring.metrics.watch(CAPTURE_IN_FLIGHT, lambda: self._prefix.in_flight, **labels)

    async def run(self, stop: asyncio.Event) -> None:
        """Capture until `stop`, then wait for what is in flight and keep a last checkpoint.

        Raises `RefusedError` when the org says no for good, and whatever Kafka gave a record back with.
        """
        kept = await patiently(lambda: self._wiring.checkpoints.kept(self._org_id, self._channel), stop)
        if kept is None:
            return
        self._checkpoint = taken_over(holding(kept), self._org_id, self._channel)
        self._prefix = AcknowledgedPrefix(place_of(self._checkpoint))
        self._log.info("capture begins", epoch=self._checkpoint.epoch, after=self._checkpoint.replay_id)
        capture = asyncio.create_task(self._capture())
        keeping = asyncio.create_task(self._keep_checkpoints())
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((self._failed, capture, keeping, stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (capture, stopped):
                task.cancel()
            await asyncio.gather(capture, stopped, return_exceptions=True)
            await self._drain()
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        for ended in (self._failed, capture, keeping):
            if ended.done() and not ended.cancelled():
                ended.result()
        if self.standing.has_kept:
            await self._keep_last()
        self._log.info("capture ended", after=self._checkpoint.replay_id)

    async def _capture(self) -> None:
        """Open one session after another, each after the last event of the one before."""
        failures = 0
        while True:
            given = 0
            try:
                async with aclosing(self._wiring.source.events(self._resume_after())) as events:
                    async for received in events:
                        self.standing.is_subscribed = True
                        await self._take(received)
                        given += 1
            except GapError as error:
                self.standing.lost(error)
                self._lose_position(error)
            except UnavailableError as error:
                self.standing.lost(error)
                # The first thing given only says that it is subscribed.
                failures = 0 if given > 1 else failures + 1
                pause_s = self._pause_s(failures, error.retry_after)
                self._count(CAPTURE_RECONNECTS)
                if isinstance(error, OversizedError):
                    self._count(CAPTURE_OVERSIZED)
                self._log.warning("session lost", error=str(error), failures=failures, pause_s=pause_s)
                await self._wiring.pause(pause_s)

    def _resume_after(self) -> str | None:
        place = self._prefix.place
        self._skip_before = None
        if self._is_in_gap:
            return self._wiring.after_missing(self._missing_from)
        if position := self._heard or place.replay_id:
            return position
        if place == Place():
            return None
        self._skip_before = began = subscribed_since(place)
        if began is not None and self._wiring.clock.now() - began < _SURELY_RETAINED:
            return RETAINED_EDGE
        # Nothing was heard for so long, or it was killed after its position was lost, before anything came.
        return self._wiring.after_missing(missing_since(place))

    def _pause_s(self, failures: int, asked: timedelta | None) -> float:
        doubled = min(math.ldexp(_FIRST_PAUSE_S, min(failures, _LONGEST_DOUBLING)), _LONGEST_PAUSE_S)
        jittered = doubled * (1 + self._wiring.chance()) / 2
        return round(max(jittered, asked.total_seconds() if asked is not None else 0.0), 3)

    def _lose_position(self, error: GapError) -> None:
        self._count(CAPTURE_GAPS)
        if not self._is_in_gap:
            self._is_in_gap = True
            self._missing_from = missing_since(self._prefix.place)
        self._log.error(
            "events are missing",
            error=str(error),
            after=self._heard or self._prefix.place.replay_id,
            missing_from=self._missing_from,
        )
        self._heard = ""
        if self._prefix.forgotten():
            self._on_moved()

    def _end_gap(self) -> None:
        self._is_in_gap = False
        self._log.error(
            "capture goes on after missing events",
            missing_from=self._missing_from,
        )

    async def _take(self, received: Received) -> None:
        if received.quiet:
            if self._is_in_gap:
                self._end_gap()
            self._lag_s = 0.0
            if self._prefix.quiet(received.at):
                self._on_moved()
            return
        committed = next((change.commit_time for change in received.changes), None)
        if received.replay_id:
            self._count(CAPTURE_RECEIVED)
            if self._is_in_gap:
                self._end_gap()
        skip = self._skip_before
        changes = [
            change
            for change in received.changes
            if skip is None or change.commit_time is None or change.commit_time >= skip
        ]
        ticket = self._prefix.received(received.replay_id, committed)
        self._heard = received.replay_id or self._heard
        await self._publisher.publish(self._prefix, ticket, received, changes)
        self._count(CAPTURE_PUBLISHED, len(changes))
        if received.malformed is not None:
            self._wiring.metrics.add(DEAD_LETTERS, agent="subscriber")
        if committed is not None:
            self._lag_s = (self._wiring.clock.now() - committed).total_seconds()

    async def _keep_checkpoints(self) -> None:
        """Keep the place whenever it has moved, five times a second at most."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            await self._keep(self._prefix.place)
            if not self.standing.has_kept:
                self.standing.has_kept = True
                self._log.info("subscribed", after=self._checkpoint.replay_id)
            await self._wiring.pause(_CHECKPOINT_EVERY_S)

    async def _keep(self, place: Place) -> None:
        # Moved on first: a write that is cancelled may be kept all the same, and no two may have one number.
        self._checkpoint = next_after(self._checkpoint, place)
        await self._wiring.checkpoints.write(self._checkpoint)
        self._count(CAPTURE_CHECKPOINTS)

    async def _keep_last(self) -> None:
        try:
            async with asyncio.timeout(_LAST_ACKNOWLEDGEMENTS_S):
                await self._keep(self._prefix.place)
        except TimeoutError:
            self._log.warning("the last position was not kept; the next start repeats what came after it")

    def _on_moved(self) -> None:
        self._moved.set()
        if not self._prefix.in_flight:
            self._idle.set()

    async def _drain(self) -> None:
        """Wait, not for ever, until Kafka has what was received."""
        if not self._prefix.in_flight:
            return
        self._idle.clear()
        idle = asyncio.create_task(self._idle.wait())
        await asyncio.wait(
            (idle, self._failed), timeout=_LAST_ACKNOWLEDGEMENTS_S, return_when=asyncio.FIRST_COMPLETED
        )
        idle.cancel()
        if left := self._prefix.in_flight:
            self._log.warning("not all was acknowledged; the next start repeats it", left=left)

    def _count(self, metric: Metric, by: int = 1) -> None:
        self._wiring.metrics.add(metric, by, org=self._org_id, channel=self._channel)

"""Sends `timer.due` to the inbox when a run's timer falls due. What that means the engine decides."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog

from connectors.ports import Outgoing
from schemas.ids import derived_id
from schemas.inbox import TIMER_DUE, InboxRecord
from streams.app import Surroundings
from streams.job import settle
from streams.table import StateTable
from streams.timers import Timer, TimerHeap

_LOOK_SECONDS = 0.2
_KEYS_BETWEEN_BREATHS = 50
_FIRED_AT_ONCE = 100
"""After an outage thousands are due in the same moment; the records that come must not wait for them all."""

log = structlog.get_logger(__name__)


def fire_timers(
    app: Any,
    table: StateTable,
    heap: TimerHeap,
    around: Surroundings,
    *,
    read: Callable[[str, bytes], Iterable[Timer]],
) -> None:
    """Give an app the task that watches `heap`, and builds it anew whenever partitions have come or gone.

    A timer whose record Kafka did not take is sent again with the next look; sent twice, it is one effect.
    """

    @app.task  # type: ignore[untyped-decorator]  # faust ships no types
    async def timers() -> None:
        generation = None
        due: Sequence[Timer] = ()
        while not app.should_stop:
            await asyncio.sleep(0 if len(due) == _FIRED_AT_ONCE else _LOOK_SECONDS)
            due = ()
            if app.rebalancing or not app.tables.recovery.completed.is_set():
                continue
            if generation != app.consumer_generation_id:
                generation = app.consumer_generation_id
                await rebuild()
            due = heap.due(around.clock.now(), at_most=_FIRED_AT_ONCE)
            await settle([await around.outbox.send(_record(timer), at=timer.due) for timer in due])

    async def rebuild() -> None:
        heap.rebuild(())
        for number, key in enumerate(list(table.keys())):
            held = table.read(key)
            if held is not None:
                heap.replace(key.decode(), read(key.decode(), held))
            if number % _KEYS_BETWEEN_BREATHS == 0:
                await asyncio.sleep(0)
        log.info("timers taken over", waiting=len(heap))


def _record(timer: Timer) -> Outgoing:
    org, _, opportunity = timer.key.partition(":")
    record = InboxRecord(
        id=derived_id(TIMER_DUE, timer.id),
        org_id=org,
        kind=TIMER_DUE,
        opportunity_id=opportunity,
        run_id=timer.run_id,
        timer_id=timer.id,
    )
    return Outgoing(record, timer.key, cause=timer.id, run_id=timer.run_id)

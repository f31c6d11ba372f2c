"""What people want of runs and tasks, said to the engine by way of Kafka, with a short wait for its answer.

Delivery guarantee: a command that `say` answers is in Kafka. The engine does it once, however often the same
id is said; it answers in `workflow.events` by the first event that the command caused.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog

from connectors.kafka.delivery import Delivery
from connectors.kafka.registry import HttpRegistry
from connectors.kafka.scan import Message
from connectors.kafka.tail import Tail, following
from connectors.ports import Clock, Outgoing, RunHistory
from processors.commanding import Answer, Outcome, answer
from processors.tasks import already
from schemas.errors import DecodeError, UnavailableError
from schemas.ids import record_key
from schemas.inbox import InboxRecord
from schemas.run_event import RunEvent
from schemas.task import TASK_ENDED
from schemas.topics import TOPICS
from streams.outbox import Outbox
from streams.records import connect
from streams.settings import Settings
from streams.task_board import TaskBoard

PATIENCE = timedelta(seconds=2)
"""How long somebody waits for the engine's answer; then the command is under way."""
_ACKNOWLEDGED_WITHIN_S = 10.0
_LISTEN_S = 0.2
_PAUSE_S = 1.0
_CAUSE = "ce_causationid"
_EVENTS, _INBOX = TOPICS["workflow.events"], TOPICS["workflow.inbox"]

log = structlog.get_logger(__name__)


class Commander:
    """Says commands and hears their answers; many at once. An async context.

    It listens to `workflow.events` from the end that the topic has when it starts, so no answer to what is
    said afterwards is missed. `history`, where there is one, also answers a command that was said and done
    long ago, and is said once more.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        *,
        patience: timedelta = PATIENCE,
        history: RunHistory | None = None,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._patience_s = patience.total_seconds()
        self._history = history
        self._tail = Tail(outbox.config, _EVENTS.name, from_end=True)
        self._waiting: dict[str, list[asyncio.Future[RunEvent]]] = {}
        self._ending = False
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to listen. Raises `UnavailableError`."""
        await asyncio.to_thread(self._tail.begin)
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._ending = True
        if self._listening is not None:
            await asyncio.wait([self._listening])
        await asyncio.to_thread(self._tail.close)

    async def say(self, command: InboxRecord) -> Answer:
        """Say a command, and wait a moment for its answer.

        Raises `UnavailableError` where Kafka does not take it in time (`unknown_outcome`: it may yet), and
        `RefusedError` for one that is too large. Saying the same command once more is safe after each.
        """
        heard: asyncio.Future[RunEvent] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(command.id, [])
        waiting.append(heard)
        try:
            await self._put(command)
            async with asyncio.timeout(self._patience_s):
                return answer(command.id, [await heard])
        except TimeoutError:
            return await self._told_before(command)
        finally:
            waiting.remove(heard)
            if not waiting:
                self._waiting.pop(command.id, None)

    async def _put(self, command: InboxRecord) -> None:
        key = record_key(command.org_id, command.opportunity_id)
        try:
            async with asyncio.timeout(_ACKNOWLEDGED_WITHIN_S):
                outgoing = Outgoing(command, key, run_id=command.run_id)
                await (await self._outbox.send(outgoing, at=self._clock.now()))
        except TimeoutError:
            raise UnavailableError(
                f"Kafka did not take the command within {_ACKNOWLEDGED_WITHIN_S:.0f} seconds",
                on=_INBOX.name,
                todo="See whether it was done before saying it anew.",
                unknown_outcome=True,
            ) from None

    async def _told_before(self, command: InboxRecord) -> Answer:
        """Look whether it was answered before anybody listened here."""
        if self._history is None or not command.run_id:
            return Answer(command.id, Outcome.UNDER_WAY)
        return answer(command.id, await self._history.told(command.run_id))

    async def _listen(self) -> None:
        while not self._ending:
            try:
                batches = self._tail.come(wait_seconds=_LISTEN_S)
                while (batch := await asyncio.to_thread(following, batches)) is not None:
                    for message in batch:
                        await self._hear(message)
            except UnavailableError as error:
                log.warning("answers to commands cannot be heard now", error=str(error))
                await asyncio.sleep(_PAUSE_S)

    async def _hear(self, message: Message) -> None:
        cause = next((value.decode() for name, value in message.headers if name == _CAUSE), "")
        if cause not in self._waiting or message.value is None:
            return
        try:
            record = await self._outbox.records.decode(message.value)
        except DecodeError as error:
            place = f"{message.topic}[{message.partition}]@{message.offset}"
            log.warning("the answer to a command is unreadable", place=place, error=str(error))
            return
        for heard in self._waiting.get(cause, ()):
            if isinstance(record, RunEvent) and not heard.done():
                heard.set_result(record)


@asynccontextmanager
async def commanding(
    settings: Settings, clock: Clock, *, patience: timedelta = PATIENCE, history: RunHistory | None = None
) -> AsyncIterator[Commander]:
    """Give a commander with connections of its own. Raises `UnavailableError` or `ConfigurationError`."""
    records = await connect(HttpRegistry(settings.registry), settings.kafka, [_INBOX, _EVENTS])
    delivery = Delivery(settings.kafka)
    await delivery.start()
    try:
        outbox = Outbox(settings.kafka, records, delivery)
        async with Commander(outbox, clock, patience=patience, history=history) as commander:
            yield commander
    finally:
        await delivery.stop()


async def say_about_task(commander: Commander, board: TaskBoard, command: InboxRecord) -> Answer:
    """Say a command about a task; a refusal of one that has ended says how it ended.

    The engine has forgotten an ended task, the board has not. Raises what `Commander.say` does.
    """
    said = await commander.say(command)
    if said.outcome is not Outcome.REFUSED:
        return said
    await board.refresh()
    task = board.tasks.get(command.task_id)
    if task is None or task.status not in TASK_ENDED:
        return said
    return replace(said, reason=already(task))

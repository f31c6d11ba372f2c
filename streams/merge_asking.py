"""Asks for a merge or its undoing by way of Kafka, and listens a while for what comes of it.

Delivery guarantee: when `ask` returns, the command is in Kafka; it is carried out once, however often its id
is asked.
"""

import asyncio
import time
from datetime import datetime

import structlog

from connectors.kafka.delivery import Delivery
from connectors.kafka.scan import Message
from connectors.kafka.tail import Tail, following
from connectors.ports import Outgoing
from processors.merge_answers import Outcome, outcome
from schemas.account import AccountEvent
from schemas.account_merge import MergeAccounts
from schemas.errors import DecodeError, UnavailableError
from schemas.topics import TOPICS, topic_of
from streams.outbox import Outbox
from streams.records import Records
from streams.settings import Settings

__all__ = ["ask"]

_EVENTS = TOPICS["accounts.events"]
_ACKNOWLEDGED_WITHIN_S = 10.0
_LISTEN_S = 0.2

log = structlog.get_logger(__name__)


async def ask(
    settings: Settings, records: Records, command: MergeAccounts, *, at: datetime, patience_s: float
) -> Outcome | None:
    """Ask, and give the outcome; None if it is not known within `patience_s`, as while no worker runs.

    Raises `UnavailableError` where Kafka does not answer, or not in time (`unknown_outcome`: it may yet).
    """
    tail = Tail(settings.kafka, _EVENTS.name, from_end=True)
    delivery = Delivery(settings.kafka)
    try:
        await asyncio.to_thread(tail.begin)
        await delivery.start()
        try:
            outbox = Outbox(settings.kafka, records, delivery)
            await _put(outbox, command, at)
            return await _heard(tail, records, command, patience_s)
        finally:
            await delivery.stop()
    finally:
        await asyncio.to_thread(tail.close)


async def _put(outbox: Outbox, command: MergeAccounts, at: datetime) -> None:
    try:
        async with asyncio.timeout(_ACKNOWLEDGED_WITHIN_S):
            await (await outbox.send(Outgoing(command, command.source_key), at=at))
    except TimeoutError:
        raise UnavailableError(
            f"Kafka did not take the command within {_ACKNOWLEDGED_WITHIN_S:.0f} seconds",
            on=topic_of(command).name,
            todo="See whether it was done before asking anew.",
            unknown_outcome=True,
        ) from None


async def _heard(tail: Tail, records: Records, command: MergeAccounts, patience_s: float) -> Outcome | None:
    facts: list[AccountEvent] = []
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        batches = tail.come(wait_seconds=_LISTEN_S)
        while (batch := await asyncio.to_thread(following, batches)) is not None:
            known = [await _fact(records, message) for message in batch]
            facts += [fact for fact in known if fact is not None]
        found = outcome(command, facts)
        if found is not None:
            return found
    return None


async def _fact(records: Records, message: Message) -> AccountEvent | None:
    try:
        record = await records.decode(message.value or b"")
    except DecodeError as error:
        place = f"{message.topic}[{message.partition}]@{message.offset}"
        log.warning("a fact about an account is unreadable", place=place, error=str(error))
        return None
    return record if isinstance(record, AccountEvent) else None

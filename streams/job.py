"""One input on its way through an agent, and what it causes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from connectors.ports import Outgoing
from schemas.base import Record
from schemas.errors import UnreadableError
from streams.outbox import Outbox
from streams.table import StateTable

Headers = Sequence[tuple[str, bytes]]
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an input lies. `at` is the Kafka timestamp of the record, the same at every replay."""

    topic: str
    partition: int
    offset: int
    at: datetime

    def __str__(self) -> str:
        """Write it as an operator would look it up."""
        return f"{self.topic}[{self.partition}]@{self.offset}"


@dataclass(slots=True)
class Job:
    """What a handler gets: the record, and the ways to cause something by it.

    The input counts as done when the handler has returned and everything it caused is acknowledged by Kafka.
    State is that of the input's own key; `beside` names a further value of the same key.
    """

    record: Record
    key: str
    origin: Origin
    traceparent: str
    outbox: Outbox
    caused: list[asyncio.Future[Any]] = field(default_factory=list)

    async def emit(self, *outgoing: Outgoing) -> None:
        """Start sending records, in this order."""
        for one in outgoing:
            self.caused.append(await self.outbox.send(one, at=self.origin.at, traceparent=self.traceparent))

    def recall(self, table: StateTable, beside: str = "") -> bytes | None:
        """Give what the table holds under this input's key."""
        return table.read(f"{self.key}{beside}".encode())

    async def remember(self, table: StateTable, value: bytes | None, beside: str = "") -> None:
        """Hold a value under this input's key; None forgets it."""
        place = f"{self.key}{beside}".encode()
        self.caused.append(await table.write(place, value, self.origin.partition))

    async def settled(self) -> None:
        """Wait until Kafka has acknowledged everything caused so far. Raises `LostDeliveryError`."""
        await settle(self.caused)


Handler = Callable[[Sequence[Job]], Awaitable[None]]
"""Works off inputs of one key, in order. What it raises sets the inputs aside as dead letters."""


class LostDeliveryError(Exception):
    """Kafka gave a record back for good. The worker must end without acknowledging the input."""


async def settle(futures: list[asyncio.Future[Any]]) -> None:
    """Wait for deliveries. Raises `LostDeliveryError` for one that Kafka gave back."""
    for future in futures:
        try:
            await future
        except asyncio.CancelledError:
            raise
        except Exception as error:  # whatever the client says: it is not in Kafka
            raise LostDeliveryError(repr(error)) from error


def expect(record: Record, kind: type[R]) -> R:
    """Give the record as what its topic holds. Raises `UnreadableError` for anything else."""
    if not isinstance(record, kind):
        raise UnreadableError(f"a {record.ce_type} does not belong here; expected {kind.ce_type}")
    return record


def one_by_one(handle: Callable[[Job], Awaitable[None]]) -> Handler:
    """Make a handler of one input into a handler of several."""

    async def handle_each(jobs: Sequence[Job]) -> None:
        for job in jobs:
            await handle(job)

    return handle_each

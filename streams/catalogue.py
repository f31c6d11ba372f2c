"""The definitions as every process sees them: the control topic, read whole and kept up to date."""

import asyncio

import structlog

from connectors.kafka.config import KafkaConfig
from connectors.kafka.reader import CompactedReader
from processors.catalogue import Catalogue, fold
from schemas.control import ControlRecord
from schemas.errors import DealwireError, UnavailableError
from streams.records import Records

TOPIC = "control"
_REFRESH_SECONDS = 1.0

log = structlog.get_logger(__name__)


class LiveCatalogue:
    """Holds the catalogue of now. A record that does not hold is left out and logged."""

    def __init__(self, config: KafkaConfig, records: Records) -> None:
        self._reader = CompactedReader(config, TOPIC)
        self._records = records
        self._task: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None
        self.now = Catalogue()

    async def start(self) -> None:
        """Read the topic to its end, then go on in the background. Raises `UnavailableError`."""
        await self.refreshed()
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Stop reading."""
        running = [each for each in (self._task, self._next, self._reading) if each is not None]
        if self._task is not None:
            self._task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._reader.close()

    async def refreshed(self) -> None:
        """Have read everything that lay in the topic when this was called. Raises `UnavailableError`.

        Whoever asks while it is being read waits for one more reading, which all of them share.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._read_after(self._reading))
        await asyncio.shield(self._next)

    async def caught_up(self) -> None:
        """Have read everything that lay in the topic when this was called, however long that takes.

        For records that must not be decided on less: set aside, they would be an operator's to send back,
        while Kafka comes back by itself.
        """
        while True:
            try:
                return await self.refreshed()
            except UnavailableError as error:
                log.warning("records wait for definitions that cannot be read", error=str(error))
            await asyncio.sleep(_REFRESH_SECONDS)

    async def _read_after(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        self._reading, self._next = self._next, None
        await self._refresh()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH_SECONDS)
            try:
                await self.refreshed()
            except UnavailableError as error:
                log.warning("definitions may be old: the control topic cannot be read", error=str(error))

    async def _refresh(self) -> None:
        if not await self._reader.refresh():
            return
        held = []
        for key, value in sorted(self._reader.latest.items()):
            try:
                record = await self._records.decode(value)
                if isinstance(record, ControlRecord):
                    fold([record])
                    held.append(record)
            except DealwireError as error:
                log.warning("control record left out", key=key, error=str(error))
        self.now = fold(held)

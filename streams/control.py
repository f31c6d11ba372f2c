"""The definitions in force, as every process reads them from the topic `control`."""

import asyncio

import structlog

from connectors.kafka.config import KafkaConfig
from connectors.kafka.reader import CompactedReader
from processors.catalogue import Catalogue, fold
from schemas.control import ControlRecord
from schemas.errors import DecodeError, UnavailableError
from streams.records import Records

_EVERY_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Control:
    """Keeps a catalogue up to date. `refresh` once before anything is read, then `follow` for ever."""

    def __init__(self, config: KafkaConfig, records: Records) -> None:
        self._reader = CompactedReader(config, "control")
        self._records = records
        self._lock = asyncio.Lock()
        self.catalogue = Catalogue()

    async def refresh(self) -> None:
        """Read to the end of the topic. Raises `UnavailableError`.

        A record that does not hold is left out and said so: it must not take the others with it.
        """
        async with self._lock:
            if await self._reader.refresh():
                self.catalogue = await self._folded()

    async def follow(self) -> None:
        """Look again every second, until cancelled; Kafka that does not answer is said and asked again."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self.refresh()
            except UnavailableError as error:
                log.warning("definitions could not be read again", reason=str(error))

    def close(self) -> None:
        """Let go of the connection."""
        self._reader.close()

    async def _folded(self) -> Catalogue:
        good: list[ControlRecord] = []
        for key, value in self._reader.latest.items():
            try:
                record = await self._records.decode(value)
                if isinstance(record, ControlRecord):
                    fold([record])
                    good.append(record)
            except DecodeError as error:
                log.warning("control record left out", key=key, reason=str(error))
        return fold(good)

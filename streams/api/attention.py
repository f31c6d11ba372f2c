"""Whether Kafka is there: the tasks are read on all the time, and how that goes tells."""

import asyncio
from datetime import datetime, timedelta

import structlog

from connectors.ports import Clock
from schemas.errors import UnavailableError
from streams.api.services import Board

_PAUSE_S = 2.0
_FORGIVEN = timedelta(seconds=15)

log = structlog.get_logger(__name__)


class Attention:
    """Keeps a board up to date, so that nobody who asks for tasks has much to wait for."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board = board
        self._clock = clock
        self._last: datetime | None = None

    @property
    def ready(self) -> bool:
        """Whether Kafka answered a short time ago."""
        return self._last is not None and self._clock.now() - self._last < _FORGIVEN

    async def look(self) -> None:
        """Read on once."""
        try:
            await self._board.refresh()
        except UnavailableError as error:
            log.warning("tasks may be old: their topic cannot be read", error=str(error))
        else:
            self._last = self._clock.now()

    async def pay(self) -> None:
        """Read on until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_PAUSE_S)

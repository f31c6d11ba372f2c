"""One connection of a client: who sends nothing, or takes nothing of what is sent, is let go."""

import asyncio

import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

log = structlog.get_logger(__name__)


class Connection(H11Protocol):
    """HTTP/1.1 with an end to waiting.

    uvicorn waits for a request's head, and for a client to read on, for as long as the client likes; a few
    hundred that do nothing would keep everybody else out.
    """

    head_seconds = 20.0
    """How long the head of a request may take, from the connection or from its first byte on."""
    stuck_seconds = 30.0
    """How long a client may take nothing while we hold more for it."""

    _head: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Read on; the wait ends where a whole head has come."""
        super().data_received(data)
        self._wait_for_head()

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self._stuck = self.loop.call_later(self.stuck_seconds, self._let_go, "it reads nothing")

    def resume_writing(self) -> None:
        """End that wait."""
        super().resume_writing()
        _cancel(self._stuck)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        super().connection_lost(exc)
        _cancel(self._head)
        _cancel(self._stuck)

    def _wait_for_head(self) -> None:
        if _is_answered(self.cycle):
            _cancel(self._head)
            self._head = None
        elif self._head is None:
            self._head = self.loop.call_later(self.head_seconds, self._let_go, "it asks nothing")

    def _let_go(self, why: str) -> None:
        log.warning("a client is let go", why=why)
        self.transport.abort()


def _is_answered(cycle: RequestResponseCycle | None) -> bool:
    return cycle is not None and not cycle.response_complete


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()

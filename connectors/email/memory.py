"""Mail in memory: the twin of the real sink, for tests and for trying a workflow."""

from collections import deque

from connectors.email.addresses import parse_address
from connectors.email.message import Message, compose
from connectors.ports import Clock, SystemClock
from schemas.email import SendEmail
from schemas.errors import DealwireError

__all__ = ["MemoryMailSink"]


class MemoryMailSink:
    """Keeps every mail in `delivered`, as it would have gone over the wire."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.delivered: list[Message] = []
        self._clock = clock or SystemClock()
        self._failures: deque[tuple[DealwireError, bool]] = deque()

    def fail_next(self, error: DealwireError, *, delivered: bool = False) -> None:
        """Let the next mail (that has no failure yet) fail so; `delivered` and all the same it arrives."""
        self._failures.append((error, delivered))

    async def send(self, mail: SendEmail) -> str:
        """Keep the mail, or fail as told to. Refuses what a real server would not even be asked."""
        sender = parse_address("dealwire@dealwire.example")
        message = compose(mail, sender=sender, now=self._clock.now())
        error, arrives = self._failures.popleft() if self._failures else (None, True)
        if arrives:
            self.delivered.append(message)
        if error is not None:
            raise error
        return "250 kept"

    async def close(self) -> None:
        """Nothing to let go of; the mails stay."""

"""A writer in memory: the twin of the real one, for tests and for trying a workflow."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.ports import Written
from connectors.writer.standin.answers import answer
from schemas.brief import Message
from schemas.errors import DealwireError

__all__ = ["MemoryBriefWriter"]

_TOKENS = 1_000


class MemoryBriefWriter:
    """Writes as the stand-in endpoint does, at 1,000 tokens a call, and remembers what it was `asked`."""

    def __init__(self) -> None:
        self.asked: list[tuple[Message, ...]] = []
        self._next: deque[str | DealwireError] = deque()

    def answer_next(self, *answers: str | DealwireError) -> None:
        """Let the next calls be answered so, one each."""
        self._next.extend(answers)

    async def write(self, messages: Sequence[Message], *, schema: Mapping[str, Any]) -> Written:  # noqa: ARG002 - the port's
        """Answer, or fail as told to."""
        self.asked.append(tuple(messages))
        given = self._next.popleft() if self._next else answer(messages)
        if isinstance(given, DealwireError):
            raise given
        return Written(given, _TOKENS)

    async def close(self) -> None:
        """Nothing to let go of."""

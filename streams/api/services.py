"""What the routes ask: services that other parts of dealwire use, too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from fastapi import Request

from connectors.ports import Clock, RunHistory
from processors.catalogue import Catalogue
from processors.commanding import Answer
from schemas.audit import AuditRecord
from schemas.inbox import InboxRecord
from schemas.task import Task
from streams.api.identity import Vouching
from streams.api.live import Audience
from streams.metrics import Metrics


class Board(Protocol):
    """Every task as it stands; `streams.task_board.TaskBoard` is one."""

    @property
    def tasks(self) -> Mapping[str, Task]:
        """The tasks as of the last refresh."""
        ...

    async def refresh(self) -> None:
        """Read on to the end. Raises `UnavailableError`."""
        ...


class Commanding(Protocol):
    """Says commands and hears their answers; `streams.commanding.Commander` is one."""

    async def say(self, command: InboxRecord) -> Answer:
        """Say a command, and wait a moment for its answer. Raises `UnavailableError` or `RefusedError`."""
        ...


class Writing(Protocol):
    """Puts audit records into Kafka; `streams.api.audit.AuditTopic` is one."""

    async def write(self, record: AuditRecord) -> None:
        """Have a record in Kafka when this returns. Raises `UnavailableError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that the routes ask. `catalogue` gives what is in force at the moment."""

    vouching: tuple[Vouching, ...]
    history: RunHistory
    board: Board
    commander: Commanding
    audit: Writing
    audience: Audience
    catalogue: Callable[[], Catalogue]
    clock: Clock
    ready: Callable[[], bool]
    metrics: Metrics


def services_of(request: Request) -> Services:
    """Give the services of the app that a request came to."""
    services: Services = request.app.state.services
    return services

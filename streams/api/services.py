"""What the routes ask: services that other parts of dealwire use, too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from fastapi import Request

from connectors.ports import Clock, RunHistory
from processors.catalogue import Catalogue
from schemas.task import Task
from streams.api.identity import Vouching


class Board(Protocol):
    """Every task as it stands; `streams.task_board.TaskBoard` is one."""

    @property
    def tasks(self) -> Mapping[str, Task]:
        """The tasks as of the last refresh."""
        ...

    async def refresh(self) -> None:
        """Read on to the end. Raises `UnavailableError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that the routes ask. `catalogue` gives what is in force at the moment."""

    vouching: tuple[Vouching, ...]
    history: RunHistory
    board: Board
    catalogue: Callable[[], Catalogue]
    clock: Clock
    ready: Callable[[], bool]


def services_of(request: Request) -> Services:
    """Give the services of the app that a request came to."""
    services: Services = request.app.state.services
    return services

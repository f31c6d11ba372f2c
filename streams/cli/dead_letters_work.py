"""Deals with letters in the name of whoever typed the command, and shows how far it is."""

import getpass
from collections.abc import Awaitable, Callable
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from connectors.kafka.delivery import Delivery
from connectors.ports import SystemClock
from streams.pace import Pace
from streams.redrive import Redriver
from streams.settings import Settings

T = TypeVar("T")


async def deal(
    read: Settings,
    how: Callable[[Redriver], Awaitable[T]],
    *,
    word: str,
    count: int,
    pace: Pace,
    why: str = "",
    quiet: bool,
) -> T:
    """Let `how` use a redriver; `word` and `count` stand at the progress bar."""
    delivery = Delivery(read.kafka)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
        task = bar.add_task(word, total=count)
        await delivery.start()
        try:
            redriver = Redriver(
                read.kafka,
                delivery,
                clock=SystemClock(),
                actor=getpass.getuser(),
                why=why,
                pace=pace,
                on_done=lambda some: bar.advance(task, some),
            )
            return await how(redriver)
        finally:
            await delivery.stop()

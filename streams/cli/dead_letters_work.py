"""Deals with letters in the name of whoever typed the command, and shows how far it is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

from streams.cli.corrections_display import columns

T = TypeVar("T")


def deal(how: Callable[[Callable[[int], None]], Awaitable[T]], *, word: str, count: int, quiet: bool) -> T:
    """Let `how` do it and tell how many more are done; `word` and `count` stand at the progress bar."""
    with Progress(*columns(), console=Console(stderr=True), disable=quiet) as bar:
        task = bar.add_task(word, total=count)

        async def work() -> T:
            return await how(lambda some: bar.advance(task, some))

        return asyncio.run(work())

"""Asks again while another system does not answer, as a service does that is started before the others."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import structlog

from schemas.errors import UnavailableError

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0

log = structlog.get_logger(__name__)
T = TypeVar("T")


async def patiently(
    ask: Callable[[], Awaitable[T]], stop: asyncio.Event, *, first_pause_s: float = _FIRST_PAUSE_S
) -> T | None:
    """Give the answer, or None if `stop` came first. Only `UnavailableError` is waited out."""
    pause_s = first_pause_s
    while not stop.is_set():
        try:
            return await ask()
        except UnavailableError as error:
            asked = error.retry_after.total_seconds() if error.retry_after is not None else 0.0
            log.warning("not available yet, asking again", error=str(error), pause_s=max(asked, pause_s))
            with suppress(TimeoutError):
                async with asyncio.timeout(max(asked, pause_s)):
                    await stop.wait()
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
    return None

import asyncio
from datetime import timedelta

import pytest

from schemas.errors import RefusedError, UnavailableError
from streams.patience import patiently


async def test_waits_for_what_is_not_there_yet() -> None:
    answers = [UnavailableError("no", retry_after=timedelta(0)), None]

    async def ask() -> str:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return "here"

    assert await patiently(ask, asyncio.Event(), first_pause_s=0) == "here"


async def test_a_refusal_is_not_waited_out() -> None:
    async def ask() -> str:
        raise RefusedError("no")

    with pytest.raises(RefusedError):
        await patiently(ask, asyncio.Event())


async def test_stopping_ends_the_wait_at_once() -> None:
    stop = asyncio.Event()

    async def ask() -> str:
        asyncio.get_running_loop().call_soon(stop.set)
        raise UnavailableError("no", retry_after=timedelta(hours=1))

    async with asyncio.timeout(2):
        assert await patiently(ask, stop) is None

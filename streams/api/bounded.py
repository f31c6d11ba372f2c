"""A request whose body ends where and when it must: what is longer is refused before it is held."""

import asyncio

from fastapi import Request
from starlette.types import Message

from streams.api.problems import ProblemError

LARGEST = 1024 * 1024
WITHIN_S = 30.0


def bounded(request: Request, *, within_s: float = WITHIN_S) -> Request:
    """Give the request with its body bounded. Raises a `ProblemError` (413), at once or while it is read.

    A body that is not there after `within_s` seconds of reading is waited for no more (408).
    """
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told[:18]) > LARGEST:
        raise _too_large()
    read, ends = 0, 0.0

    async def receive() -> Message:
        nonlocal read, ends
        ends = ends or asyncio.get_running_loop().time() + within_s
        try:
            async with asyncio.timeout_at(ends):
                message = await request.receive()
        except TimeoutError:
            raise ProblemError(408, "The body did not come in time.", {"Connection": "close"}) from None
        read += len(message.get("body", b""))
        if read > LARGEST:
            raise _too_large()
        return message

    return Request(request.scope, receive)


def _too_large() -> ProblemError:
    return ProblemError(413, "The body is larger than 1 MiB.")

"""A request whose body ends where it must: what is longer is refused before it is held."""

from fastapi import Request
from starlette.types import Message

from streams.api.problems import ProblemError

LARGEST = 1024 * 1024


def bounded(request: Request) -> Request:
    """Give the request with its body bounded. Raises a `ProblemError` (413), at once or while it is read."""
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told[:18]) > LARGEST:
        raise _too_large()
    read = 0

    async def receive() -> Message:
        nonlocal read
        message = await request.receive()
        read += len(message.get("body", b""))
        if read > LARGEST:
            raise _too_large()
        return message

    return Request(request.scope, receive)


def _too_large() -> ProblemError:
    return ProblemError(413, "The body is larger than 1 MiB.")

"""What breaks in here stays in here: the reply says that, the log says where, and neither says with what."""

import traceback
from pathlib import Path

import structlog
from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.errors import BrokenInvariantError
from streams.api.problems import problem
from streams.api.request_id import request_id

_SHOWN_FRAMES = 6

log = structlog.get_logger(__name__)


class Sealed:
    """Answers a request that failed unforeseen.

    The error's own words may repeat what was sent: nobody gets them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection. Raises `BrokenInvariantError` for an answer that must break off."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sealed(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, sealed)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not get out as it is
            request = Request(scope)
            _tell(error, request)
            if begun:
                raise BrokenInvariantError("an answer breaks off", on=request_id(request)) from None
            reply = problem(request, 500, "This is our fault. The log has more under the request's id.")
            await reply(scope, receive, send)


def _tell(error: Exception, request: Request) -> None:
    frames = traceback.extract_tb(error.__traceback__)[-_SHOWN_FRAMES:]
    where = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    log.error("a request failed", kind=type(error).__name__, where=where, request=request_id(request))

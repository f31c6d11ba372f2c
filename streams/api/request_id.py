"""A name for each request: the client's own if it is a plain one, else one drawn here."""

import re
from uuid import uuid4

import structlog
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-Id"
_PLAIN = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
_STANDING = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

log = structlog.get_logger(__name__)


def request_id(request: Request) -> str:
    """Give a request's name."""
    name: str = request.scope["dealwire.request_id"]
    return name


class Named:
    """Names each request, says so in the reply, and logs how it went, without what was asked or answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        name = given if _PLAIN.fullmatch(given) else str(uuid4())
        scope["dealwire.request_id"] = name

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[HEADER] = name
                for header, value in _STANDING.items():
                    headers.setdefault(header, value)
                route = getattr(scope.get("route"), "path", "")
                log.info("request", id=name, method=scope["method"], route=route, status=message["status"])
            await send(message)

        await self._app(scope, receive, named)

"""Counts and times every answer of the API, by route: never by path, of which there is no end."""

import time
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.metrics import HTTP_REQUESTS, HTTP_SECONDS, Metrics

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER = "other"


class Measured:
    """Takes how long each request waited for the head of its answer. What has no route of ours is `other`."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, headed = time.perf_counter(), False

        async def measured(message: Message) -> None:
            nonlocal headed
            if message["type"] == "http.response.start":
                headed = True
                self._take(scope, message["status"], time.perf_counter() - began)
            await send(message)

        try:
            await self._app(scope, receive, measured)
        except Exception:
            # It becomes an answer farther out, where no middleware of ours sees it.
            if not headed:
                self._take(scope, HTTPStatus.INTERNAL_SERVER_ERROR, time.perf_counter() - began)
            raise

    def _take(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", _OTHER)
        method = scope["method"] if scope["method"] in _METHODS else _OTHER
        self._metrics.add(HTTP_REQUESTS, route=route, method=method, status=str(int(status)))
        self._metrics.observe(HTTP_SECONDS, seconds, route=route, method=method)

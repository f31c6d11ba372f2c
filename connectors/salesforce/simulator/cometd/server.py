"""The Streaming API behind HTTP: reads requests, waits for held connects, writes responses."""

import asyncio

import orjson
from aiohttp import web

from connectors.salesforce.simulator.cometd.bayeux import Bayeux, BayeuxRequest
from connectors.salesforce.simulator.cometd.session import Held

__all__ = ["CometdServer", "token_of"]

_SCHEMES = ("bearer", "oauth")


def token_of(header: str | None) -> str | None:
    """Give the access token of an Authorization header, in either of the two spellings that clients use."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() in _SCHEMES else None


class CometdServer:
    """The routes of the Streaming API.

    Held connects look again when the org changes, its clock moves or a session ends.
    """

    def __init__(self, bayeux: Bayeux) -> None:
        self.bayeux = bayeux
        self._news: asyncio.Future[None] | None = None
        self._held: set[asyncio.Transport] = set()
        org = bayeux.org
        for log in (org.changes, org.platform_events.bus, org.notifications, org.generic_events):
            log.watch(self.wake)
        org.clock.watch(self.wake)
        org.sessions.watch(self.wake)

    def routes(self) -> list[web.RouteDef]:
        """Give the routes for an application."""
        return [
            web.route("*", "/cometd{slash:/?}", self._serve),
            web.route("*", "/cometd/{version}{slash:/?}", self._serve),
            # Standard clients say a single meta message in the path too, in Java also subscribe.
            web.route("*", "/cometd/{version:[0-9.]+}/{step:[a-z]+}", self._serve),
            # Version 36.0 alone had its replay here.
            web.route("*", "/cometd/replay/{version}{slash:/?}", self._serve),
        ]

    def drop_clients(self) -> int:
        """Forget every client, as the service does when it scales; say how many."""
        count = self.bayeux.clients.end_all()
        self.wake()
        return count

    def silence(self, channel: str) -> int:
        """Let the subscriptions to a channel die without a word; say how many. Subscribing anew cures it."""
        return self.bayeux.clients.silence(channel)

    def restart(self) -> int:
        """Break off every held connect and forget every client, as a restart does; say how many were held."""
        held = tuple(self._held)
        self.bayeux.clients.end_all()
        for transport in held:
            transport.abort()
        return len(held)

    def wake(self) -> None:
        """Have every held connect look again."""
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            # A GET is a client that tries WebSocket or callback-polling; Salesforce has neither.
            return web.Response(status=400, text="Only long-polling is supported")
        parsed = BayeuxRequest(
            request.match_info.get("version"),
            token_of(request.headers.get("Authorization")),
            request.cookies,
            await request.read(),
        )
        try:
            answer = self.bayeux.handle(parsed)
        except ValueError as error:
            return web.Response(status=400, text=f"Not a Bayeux request: {error}")
        if answer.wakes:
            self.wake()
        body = orjson.dumps(answer.replies) if answer.held is None else await self._hold(answer.held, request)
        response = web.Response(body=body, content_type="application/json", charset="UTF-8")
        for name, value in answer.cookies.items():
            response.set_cookie(name, value, path="/", httponly=True)
        return response

    async def _hold(self, held: Held, request: web.Request) -> bytes:
        if request.transport is not None:
            self._held.add(request.transport)
        try:
            while True:
                # What is given to a client that has hung up is lost, so it is not given.
                if request.transport is None or request.transport.is_closing():
                    return b""
                body = self.bayeux.poll(held)
                if body is not None:
                    return body
                await self._wait(held)
        finally:
            self._held.discard(request.transport)
            self.bayeux.abandon(held)

    async def _wait(self, held: Held) -> None:
        if self._news is None or self._news.done():
            self._news = asyncio.get_running_loop().create_future()
        due = self.bayeux.org.changes.next_due
        left = min(held.until, due or held.until) - self.bayeux.org.clock.now()
        await asyncio.wait((self._news,), timeout=max(0.0, left.total_seconds()))

"""Waits on this machine for the browser to come back, once. Source: RFC 8252, section 7.3."""

import asyncio
from html import escape

from aiohttp import web

from connectors.salesforce.connecting.browser_login import BrowserLogin, NotOursError
from schemas.errors import RefusedError, UnavailableError, UsageError

__all__ = ["PATH", "Loopback"]

PATH = "/callback"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
}


class Loopback:
    """A server of one page, on 127.0.0.1. What is no answer to our login is refused and waited past."""

    def __init__(self, login: BrowserLogin, port: int) -> None:
        self._login = login
        self._port = port
        self._hosts = {f"localhost:{port}", f"127.0.0.1:{port}"}
        self._code: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen. Raises `UsageError` if something else does."""
        app = web.Application()
        app.add_routes([web.get(PATH, self._answered, allow_head=False)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        except OSError as error:
            await self.stop()
            raise UsageError(
                f"port {self._port} cannot be listened on: {error.strerror}",
                todo="Give --port another one, whose callback URL the app knows, or --paste.",
            ) from None

    async def code(self, seconds: float) -> str:
        """Wait for the answer. Raises `RefusedError` for a no, `UnavailableError` if none comes in time."""
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._code)
        except TimeoutError:
            raise UnavailableError(
                f"the browser has not come back within {seconds:g} s",
                on=self._login.config.login_url,
                todo="If Salesforce shows an error page, it says why: a redirect_uri_mismatch means that the "
                f"app lacks the callback URL {self._login.redirect_uri}",
            ) from None

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._code.done() and not self._code.cancelled():
            self._code.exception()  # looked at, also if nobody waits any more

    async def _answered(self, http: web.Request) -> web.Response:
        # Another site's page may lead a browser here by a name of its own.
        if http.headers.get("Host", "") not in self._hosts:
            return _page(400, "This page is for this machine only.")
        if self._code.done():
            return _page(410, "This login was answered already.")
        address = f"{self._login.redirect_uri}?{http.rel_url.raw_query_string}"
        try:
            code = self._login.code(address)
        except NotOursError as error:
            return _page(400, f"{error.what}.")
        except RefusedError as error:
            self._code.set_exception(error)
            return _page(403, f"{error.what}. {error.todo}")
        self._code.set_result(code)
        return _page(200, "Thank you. You may close this page and go back to the terminal.")


def _page(status: int, text: str) -> web.Response:
    body = f"<!doctype html><title>dealwire</title><h1>dealwire</h1><p>{escape(text)}</p>"
    return web.Response(text=body, status=status, content_type="text/html", headers=_HEADERS)

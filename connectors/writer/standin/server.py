"""The stand-in's HTTP server: `POST /v1/chat/completions`, as much of it as we use."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.writer.standin.answers import INJECTED, answer
from connectors.writer.standin.faults import Fault
from schemas.brief import Message

__all__ = ["WriterStandIn"]

_LOOPBACK = "127.0.0.1"
_MAX_BODY_BYTES = 4 * 1024 * 1024
_OVERSIZED_BYTES = 8 * 1024 * 1024


class _Request(BaseModel):
    model_config = ConfigDict(extra="ignore")

    model: str
    messages: tuple[Message, ...]
    max_tokens: int


class WriterStandIn:
    """A chat endpoint on loopback. With `api_key` it asks for it. `calls` counts what it was asked.

    `script` gives the faults of the next calls, one each; None is an answer in good order.
    """

    def __init__(self, *, api_key: str | None = None) -> None:
        self.calls = 0
        self._api_key = api_key
        self._faults: deque[Fault | None] = deque()
        self._runner: web.AppRunner | None = None

    def script(self, faults: Iterable[Fault | None]) -> None:
        """Let the next calls meet these."""
        self._faults.extend(faults)

    async def start(self, port: int = 0) -> str:
        """Listen; return the base URL. Raises `OSError` when the port is taken."""
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_post("/v1/chat/completions", self._complete)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, _LOOPBACK, port).start()
        host, bound = self._runner.addresses[0][:2]
        return f"http://{host}:{bound}/v1"

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        if self._api_key is not None and request.headers.get("Authorization") != f"Bearer {self._api_key}":
            return _error(HTTPStatus.UNAUTHORIZED, "no such key")
        try:
            asked = _Request.model_validate_json(await request.read())
        except ValidationError:
            return _error(HTTPStatus.BAD_REQUEST, "not a chat request")
        fault = self._faults.popleft() if self._faults else None
        return await _failed(request, fault) or _completed(asked, answer(asked.messages))


async def _failed(request: web.Request, fault: Fault | None) -> web.StreamResponse | None:
    if fault is None:
        return None
    if fault is Fault.SLOW:
        await asyncio.Event().wait()  # ends when the client hangs up, or the server stops
    if fault is Fault.CUT:
        return await _cut(request)
    return _FAILED[fault]()


def _completed(asked: _Request, text: str) -> web.Response:
    prompt = sum(len(each.content) for each in asked.messages) // 4
    return _choice(text, tokens=prompt + len(text) // 4)


def _choice(text: str, *, finish_reason: str = "stop", tokens: int = 100) -> web.Response:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    usage = {"total_tokens": tokens}
    return web.json_response({"object": "chat.completion", "choices": [choice], "usage": usage})


def _error(status: HTTPStatus, message: str, *, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": {"message": message}}, status=status, headers=headers)


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    if request.transport is not None:
        request.transport.abort()
    return response


_FAILED: Mapping[Fault, Callable[[], web.Response]] = {
    Fault.BUSY: lambda: _error(HTTPStatus.TOO_MANY_REQUESTS, "slow down", headers={"Retry-After": "60"}),
    Fault.BROKEN: lambda: _error(HTTPStatus.INTERNAL_SERVER_ERROR, "oops"),
    Fault.REFUSED: lambda: _error(HTTPStatus.UNAUTHORIZED, "key …abcd is not known"),
    Fault.MOVED: lambda: web.Response(status=307, headers={"Location": "http://127.0.0.2:9/v1"}),
    Fault.GARBAGE: lambda: web.Response(body=b"<html>It works!\xff", content_type="application/json"),
    Fault.OVERSIZED: lambda: web.Response(body=b" " * _OVERSIZED_BYTES, content_type="application/json"),
    Fault.PROSE: lambda: _choice("Sure! Here is the brief you asked for."),
    Fault.INJECTED: lambda: _choice(INJECTED),
    Fault.BROKEN_OFF: lambda: _choice('{"goals": [{"text": "They', finish_reason="length"),
}

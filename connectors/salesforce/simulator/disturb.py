"""Makes HTTP go wrong as scripted: before any route sees the request, or while the response is written."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from connectors.salesforce.simulator.faults import Faults

__all__ = ["disturbing"]


def disturbing(faults: Faults) -> Middleware:
    """Give the middleware that carries out the HTTP faults."""

    @web.middleware
    async def disturb(request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = faults.http_fault(request.path)
        if fault is None:
            return await handler(request)
        if fault.delay:
            await asyncio.sleep(fault.delay.total_seconds())
        if fault.kill == "before":
            return _cut(request)
        if fault.status:
            return web.Response(status=fault.status, text=fault.body, content_type=fault.content_type)
        response = await handler(request)
        if fault.kill == "after":
            await _write_half(request, response)
            return _cut(request)
        return response

    return disturb


async def _write_half(request: web.Request, response: web.StreamResponse) -> None:
    body = response.body if isinstance(response, web.Response) else b""
    content = body if isinstance(body, bytes) else b""
    half = web.StreamResponse(status=response.status, headers={"Content-Type": response.content_type})
    half.content_length = len(content)
    await half.prepare(request)
    await half.write(content[: len(content) // 2])


def _cut(request: web.Request) -> web.Response:
    """Break the connection off. The response is for the server's bookkeeping and reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()

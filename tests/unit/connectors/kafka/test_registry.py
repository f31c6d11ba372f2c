"""A registry's answer counts when all of it has come."""

import asyncio
import json

import pytest
from aiohttp import web

from connectors.kafka.config import RegistryConfig
from connectors.kafka.registry import HttpRegistry
from schemas.errors import UnavailableError
from tests.fixtures.answering import answering


async def test_an_answer_that_comes_in_pieces_is_read_whole() -> None:
    text = json.dumps({"id": 7, "schema": "x" * 200_000}).encode()

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(text))})
        await response.prepare(request)
        for start in range(0, len(text), 50_000):
            await response.write(text[start : start + 50_000])
            await asyncio.sleep(0)
        return response

    async with answering(handle) as server:
        assert await HttpRegistry(RegistryConfig(url=server.url)).id_of("s", "{}") == 7


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    async def handle(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=b" " * (5 * 1024 * 1024))

    async with answering(handle) as server:
        with pytest.raises(UnavailableError):
            await HttpRegistry(RegistryConfig(url=server.url)).schema(1)

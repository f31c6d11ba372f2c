"""The API on its port, over services in memory: what clients do that no HTTP library would."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest
from structlog.testing import capture_logs

from schemas.access import Role
from streams.api.connection import Connection
from streams.api.live import Audience, Listener, Wanted
from streams.api.serving import server_of
from tests.fixtures.api import TOKENS, a_history, some_services
from tests.fixtures.run_events import an_event

WITHIN_S = 10
NAMED = f"Authorization: Bearer {TOKENS[Role.ADMIN]}\r\n"
HOST = "Host: api.test\r\n"
LISTEN = f"GET /v1/events HTTP/1.1\r\n{HOST}{NAMED}\r\n"


class Watched(Audience):
    """Says when somebody has come, and when somebody is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.come, self.gone = asyncio.Event(), asyncio.Event()

    @contextmanager
    def listening(self, wanted: Wanted) -> Iterator[Listener]:
        with super().listening(wanted) as listener:
            self.come.set()
            try:
                yield listener
            finally:
                self.gone.set()


class Hasty(Connection):
    head_seconds = stuck_seconds = 0.2


class Port:
    """The API on a port, and its audience."""

    def __init__(self, address: tuple[str, int], audience: Watched) -> None:
        self.address, self.audience = address, audience

    @asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection(*self.address)
        try:
            async with asyncio.timeout(WITHIN_S):
                yield reader, writer
        finally:
            writer.close()

    async def say(self, text: bytes) -> bytes:
        """Say something, and give all that is answered until the end."""
        async with self.open() as (reader, writer):
            writer.write(text)
            return await reader.read()


@pytest.fixture
async def port(request: pytest.FixtureRequest) -> AsyncIterator[Port]:
    """Serve; afterwards it still answers, and ends when it is told to."""
    audience = Watched()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    server = server_of(
        some_services(await a_history(), audience=audience), getattr(request, "param", Connection)
    )
    task = asyncio.create_task(server.serve(sockets=[listening]))
    served = Port(listening.getsockname()[:2], audience)
    yield served
    assert (await served.say(b"GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).endswith(b"ok\n")
    audience.end()
    server.should_exit = True
    async with asyncio.timeout(WITHIN_S):
        await task


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def get(path: str, more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\n{HOST}{NAMED}{more}Connection: close\r\n\r\n".encode("latin-1")


SAID_BADLY: list[tuple[bytes, set[int]]] = [
    (get("/v1/runs"), {200}),
    (get("http://evil.example/v1/runs"), {400, 404}),
    (get("/v1/runs/../tasks"), {404}),
    (get("/v1/runs/%2e%2e/tasks"), {404}),
    (get("/v1/runs/%2e%2e%2ftasks"), {404}),
    (get("/v1/runs/..%5ctasks"), {422}),
    (get("/v1/runs/%252e%252e"), {422}),
    (get("/v1/runs/%00"), {422}),
    (get("/v1/runs/r1%00"), {422}),
    (get("/v1/runs/r1%0a"), {422}),
    (get("/v1/tasks/t1%0a"), {422}),
    (get("/v1/workflows/%00"), {404, 422}),
    (get("/v1/workflows/%ff%fe"), {404, 422}),
    (get("/v1/workflows/%ed%a0%80"), {404, 422}),
    (get("/v1/runs/%zz"), {422}),
    (get("/v1/runs/%"), {422}),
    (get("/v1/runs/" + "a" * 20_000), {422}),
    (get("/v1/runs/" + "%f0%9f%92%a5" * 2000), {422}),
    (get("/v1/runs?" + "limit=1&" * 3000), {200, 422}),
    (get("/v1/runs?" + "&".join(f"f{number}" for number in range(3000))), {422}),
    (get("/v1/runs?text=%00"), {422}),
    (get("/v1/runs?text=%ff"), {200, 422}),
    (get("/v1/runs/x%0d%0aSet-Cookie:%20evil=1"), {422}),
    (get("/v1/runs?after=x%0d%0aSet-Cookie:%20evil=1"), {422}),
    (get("/v1/runs", "X-Request-Id: x%0d%0aSet-Cookie: evil=1\r\n"), {200}),
    (get("/v1/runs", "X-Request-Id: \xe9vil-name-1\r\n"), {200}),
    (get("/v1/runs/r1", 'If-None-Match: "' + '",\xff"' * 1000 + '"\r\n'), {200}),
    (get("/v1/runs", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), {200, 400}),
    (get("/v1/runs", "Content-Length: 5\r\nContent-Length: 6\r\n"), {400}),
    (get("/v1/runs", "Content-Length: -1\r\n"), {400}),
    (get("/v1/runs", "X: a\r\n b\r\n"), {200, 400}),
    (get("/v1/runs", "X : a\r\n"), {400}),
    (get("/v1/runs", "X: a\0b\r\n"), {400}),
    (get("/v1/runs", "Host: other\r\n"), {400}),
    (get("/v1/runs", "Authorization: Bearer other\r\n"), {200, 400, 401}),
    (get("/v1/runs", "Upgrade: websocket\r\nConnection: upgrade\r\n"), {200}),
    (get("/v1/runs", "Upgrade: h2c\r\nConnection: upgrade\r\n"), {200}),
    (b"GET /v1/runs HTTP/1.1\r\n\r\n", {400}),
    (b"GET /v1/runs HTTP/9.9\r\nHost: x\r\nConnection: close\r\n\r\n", {400, 401, 505}),
    (b"GET v1/runs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {400, 404}),
    (b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {400, 404, 405}),
    (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {400, 404, 405}),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 404}),
    (b"\x16\x03\x01\x02\x00\x01\x00", {400}),
    (b"\0" * 100, {400}),
    (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", {400}),
]


async def test_what_is_said_badly_is_answered_well(port: Port) -> None:
    for text, statuses in SAID_BADLY:
        answer = await port.say(text)
        assert status(answer) in statuses, text[:100]
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"set-cookie" not in head.lower()
        assert b"evil" not in body
        assert b"Traceback" not in body


@pytest.mark.parametrize("more", ["X: " + "x" * 1_000_000 + "\r\n", "X: x\r\n" * 150_000])
async def test_a_head_has_a_size(port: Port, more: str) -> None:
    answer = b""
    with suppress(ConnectionResetError):  # it was still being said
        answer = await port.say(get("/v1/runs", more))
    assert answer[:12] in (b"", b"HTTP/1.1 400")


async def test_two_requests_at_once_are_two_answers(port: Port) -> None:
    smuggled = b"GET /v1/runs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    post = f"POST /v1/runs/r1/commands HTTP/1.1\r\n{HOST}{NAMED}Content-Length: {len(smuggled)}\r\n"
    answer = await port.say(post.encode() + b"Connection: close\r\n\r\n" + smuggled)
    assert (status(answer), answer.count(b"HTTP/1.1 ")) == (422, 1)
    both = await port.say(get("/v1/runs").replace(b"Connection: close\r\n", b"") + smuggled)
    assert [int(part[:3]) for part in both.split(b"HTTP/1.1 ")[1:]] == [200, 401]


async def test_a_body_that_is_told_too_large_is_not_read(port: Port) -> None:
    async with port.open() as (reader, writer):
        post = f"POST /v1/runs/r1/commands HTTP/1.1\r\n{HOST}{NAMED}Content-Type: application/json\r\n"
        writer.write(f"{post}Content-Length: 10000000\r\n\r\n".encode())
        assert status(await reader.readuntil(b"\r\n")) == 413


async def test_a_stranger_is_sent_away_before_the_body(port: Port) -> None:
    async with port.open() as (reader, writer):
        post = f"POST /v1/runs/r1/commands HTTP/1.1\r\n{HOST}Expect: 100-continue\r\n"
        writer.write(f"{post}Content-Length: 1000\r\n\r\n".encode())
        assert status(await reader.readuntil(b"\r\n")) == 401


@pytest.mark.parametrize("port", [Hasty], indirect=True)
@pytest.mark.parametrize("said", [b"", b"GET", b"GET /live HTTP/1.1\r\nHost: x\r\nX: "])
@pytest.mark.parametrize("before", [False, True])
async def test_who_does_not_finish_asking_is_let_go(port: Port, said: bytes, before: bool) -> None:
    with capture_logs() as logs:
        async with port.open() as (reader, writer):
            if before:
                writer.write(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
                await reader.readuntil(b"ok\n")
            writer.write(said or b"G" * before)
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
    assert [event["why"] for event in logs if "why" in event] == ["it asks nothing"]


@pytest.mark.parametrize("port", [Hasty], indirect=True)
async def test_who_listens_but_never_reads_is_let_go(port: Port) -> None:
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(WITHIN_S):
        await loop.sock_connect(deaf, port.address)
        await loop.sock_sendall(deaf, LISTEN.encode())
        await port.audience.come.wait()
        with capture_logs() as logs:
            for number in range(300):
                port.audience.tell(an_event(number + 1, "run.started", reason="x" * 2000))
            await port.audience.gone.wait()
    deaf.close()
    assert [event["why"] for event in logs if "why" in event] == ["it reads nothing"]


async def test_who_goes_away_listens_no_more(port: Port) -> None:
    async with port.open() as (reader, writer):
        writer.write(LISTEN.encode())
        await reader.readuntil(b": listening")
        await port.audience.come.wait()
    async with asyncio.timeout(WITHIN_S):
        await port.audience.gone.wait()


async def test_who_reads_slowly_hears_all_the_same(port: Port) -> None:
    async with port.open() as (reader, writer):
        writer.write(LISTEN.encode())
        await port.audience.come.wait()
        for number in range(1, 201):
            port.audience.tell(an_event(number, "run.started", reason="x" * 2000))
        heard = 0
        while heard < 200:
            line = await reader.readuntil(b"\n")
            if line.startswith(b"data: "):
                heard += 1
                assert json.loads(line.removeprefix(b"data: "))["sequence"] == heard

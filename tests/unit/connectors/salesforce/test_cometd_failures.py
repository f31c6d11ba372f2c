"""The supervisor of one CometD session before a server that does everything wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import orjson
import pytest
from aiohttp import web

from connectors.salesforce.bounded_response import LARGEST_ANSWER
from connectors.salesforce.cometd import Patience
from schemas.errors import DealwireError, GapError, OversizedError, RefusedError, UnavailableError
from tests.fixtures.bayeux_server import FLOOD, Answer, Flood, answering, event, failing, replied
from tests.fixtures.cometd_bench import Bench, cometd_bench, failure, read_on, take


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with cometd_bench() as made:
        yield made


BUSY = {"ext": {"sfdc": {"failureReason": "503::Server is too busy.  Please try your request again later."}}}
DENIED = {"ext": {"sfdc": {"failureReason": "403::Organization concurrent user limit exceeded"}}}
DAILY = "403::Organization total events daily limit exceeded"
UNKNOWN_ID = "400::The replayId {5} you provided was invalid.  Please provide a valid ID, -2 to replay all"


@pytest.mark.parametrize(
    ("channel", "answer", "kind", "logins"),
    [
        ("handshake", failing("403::Handshake denied", **DENIED), UnavailableError, 1),
        ("handshake", failing("400::Unsupported API version."), RefusedError, 1),
        ("handshake", answering(503, "<html>down</html>"), UnavailableError, 1),
        (
            "handshake",
            failing("403::Handshake denied", ext={"sfdc": {"failureReason": "401::x"}}),
            UnavailableError,
            2,
        ),
        ("connect", failing("401::Authentication invalid"), UnavailableError, 2),
        ("connect", failing("401::Authentication invalid", **BUSY), UnavailableError, 1),
        ("connect", failing("403::Unknown client", advice={"reconnect": "handshake"}), UnavailableError, 1),
        ("connect", failing(DAILY), UnavailableError, 1),
        ("subscribe", failing(UNKNOWN_ID), GapError, 1),
        (
            "subscribe",
            failing("403::User not allowed to subscribe CDC without View All Data"),
            RefusedError,
            1,
        ),
        (
            "subscribe",
            failing("400::The channel you requested to subscribe to doesn't exist"),
            RefusedError,
            1,
        ),
        ("subscribe", failing("403::Unknown client"), UnavailableError, 1),
        ("subscribe", answering(200, "[]", "application/json"), UnavailableError, 1),
        ("subscribe", answering(503, '[{"x": 1}]', "application/json"), UnavailableError, 1),
        (
            "subscribe",
            answering(401, '[{"errorCode": "INVALID_SESSION_ID", "message": "x"}]', "application/json"),
            UnavailableError,
            2,
        ),
        ("subscribe", answering(401, "who?"), UnavailableError, 2),
        ("subscribe", answering(200, '[{"channel": "/me', "application/json"), UnavailableError, 1),
        ("subscribe", answering(200, "{}", "application/json"), UnavailableError, 1),
        ("subscribe", answering(200, '[{"channel": 5}]', "application/json"), UnavailableError, 1),
    ],
)
async def test_a_session_that_does_not_open(
    bench: Bench, channel: str, answer: Answer, kind: type[DealwireError], logins: int
) -> None:
    bench.server.next(channel, answer)
    # A token is old enough to be renewed only after a while.
    bench.clock.at += timedelta(hours=1)
    error = await failure(bench)
    assert type(error).__mro__.index(kind) <= 1
    bench.clock.at += timedelta(hours=1)
    await take(bench, 1, "5")
    assert len(bench.logins) == logins
    assert bench.server.tokens[-1] == f"Bearer token-{logins}"


@pytest.mark.parametrize(
    "answer",
    [
        failing("403::Unknown client", advice={"reconnect": "handshake", "interval": 0}),
        failing("401::Authentication invalid", advice={"reconnect": "none"}),
        answering(503, "<html>down</html>"),
        answering(200, '[{"channel"', "application/json"),
        answering(401, '[{"errorCode": "INVALID_SESSION_ID"}]', "application/json"),
    ],
)
async def test_a_session_that_breaks_gives_what_it_had_and_ends(bench: Bench, answer: Answer) -> None:
    bench.server.events.put_nowait([event(6)])
    found: list[str] = []

    def break_next(_request: web.Request, message: dict[str, Any]) -> list[dict[str, Any]]:
        bench.server.next("connect", _usual_events, answer)
        return [replied(message, advice={"reconnect": "retry", "interval": 0, "timeout": 110_000})]

    def _usual_events(_request: web.Request, message: dict[str, Any]) -> list[dict[str, Any]]:
        return [event(6), replied(message)]

    bench.server.next("connect", break_next)
    async with asyncio.timeout(5):
        with pytest.raises(UnavailableError):
            await read_on(bench.source.events("5"), found)
    assert found == ["6"]
    assert bench.server.count("handshake") == 1, "the library must not reconnect by itself"


async def test_an_answer_cut_in_its_middle_ends_the_session_at_once(bench: Bench) -> None:
    async def cut(request: web.Request, _message: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "500"})
        await response.prepare(request)
        await response.write(b'[{"channel"')
        assert request.transport is not None
        request.transport.close()
        return response

    bench.server.events.put_nowait([event(6)])
    async with asyncio.timeout(5), aclosing(bench.source.events("5")) as events:
        await anext(events)
        await anext(events)
        bench.server.next("connect", cut)
        bench.server.events.put_nowait([event(7)])
        with pytest.raises(UnavailableError):
            await read_on(events, [])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("channel", ["handshake", "connect"])
async def test_an_answer_without_an_end_is_not_read_into_memory(
    bench: Bench, channel: str, packed: bool
) -> None:
    flood = Flood(packed)
    bench.server.next(channel, flood)
    error = await failure(bench)
    assert isinstance(error, OversizedError)
    assert "more than 16 MiB" in str(error)
    assert flood.told < FLOOD, "whoever floods is hung up on"
    await take(bench, 1, "5")


async def test_an_answer_as_large_as_it_may_be_is_taken(bench: Bench) -> None:
    def large(_request: web.Request, message: dict[str, Any]) -> web.Response:
        body = orjson.dumps([event(6), replied(message)])
        return web.Response(body=body.ljust(LARGEST_ANSWER), content_type="application/json")

    bench.server.next("connect", lambda _request, message: [replied(message)], large)
    assert "6" in [each.replay_id for each in await take(bench, 2, "5")]


async def test_silence_ends_the_session(bench: Bench) -> None:
    async with asyncio.timeout(5), aclosing(bench.source.events("5")) as events:
        await anext(events)
        bench.clock.at += timedelta(seconds=131)
        with pytest.raises(UnavailableError, match="silent for 131 seconds"):
            await anext(events)


async def test_a_server_that_never_answers_is_given_up(bench: Bench) -> None:
    answered = asyncio.Event()

    async def hang(_request: web.Request, _message: dict[str, Any]) -> web.StreamResponse:
        await answered.wait()
        return web.Response()

    bench.server.next("handshake", hang)
    bench.source._patience = Patience(opening=timedelta(milliseconds=50))
    assert isinstance(await failure(bench), UnavailableError)

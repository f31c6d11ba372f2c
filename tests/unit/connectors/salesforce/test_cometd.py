"""The supervisor of one CometD session before a server that does everything wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from connectors.ports import RETAINED_EDGE, Received
from connectors.salesforce.auth import TokenManager
from connectors.salesforce.bounded_response import LARGEST_ANSWER
from connectors.salesforce.cometd import CometdSource, Patience
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.token import Token
from schemas.errors import DealwireError, GapError, RefusedError, UnavailableError
from tests.fixtures.bayeux_server import (
    CHANNEL,
    Answer,
    BayeuxServer,
    answering,
    bayeux_server,
    event,
    failing,
    replied,
)

ORG = "00D000000000001EAA"
pytestmark = pytest.mark.filterwarnings("error")


@dataclass
class MovedClock:
    at: datetime = datetime(2026, 9, 15, 8, 30, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@dataclass
class Bench:
    server: BayeuxServer
    source: CometdSource
    clock: MovedClock
    logins: list[str]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    loop_errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: loop_errors.append(context))
    async with bayeux_server() as server:
        logins: list[str] = []

        async def login() -> Token:
            logins.append(f"token-{len(logins) + 1}")
            return Token(logins[-1], server.url, ORG)

        config = SalesforceConfig(login_url=server.url, client_id="me")
        clock = MovedClock()
        patience = Patience(opening=timedelta(seconds=5), look_every=timedelta(milliseconds=20))
        tokens = TokenManager(config, login=login, clock=clock)
        yield Bench(server, CometdSource(config, CHANNEL, tokens, clock, patience), clock, logins)
        await asyncio.sleep(0)
        assert server.holding == 0, "a session was left behind"
    assert loop_errors == []


async def take(bench: Bench, count: int, resume_after: str | None = None) -> list[Received]:
    """Open a session and give the first so many of what it gives."""
    found: list[Received] = []
    async with asyncio.timeout(10), aclosing(bench.source.events(resume_after)) as events:
        async for received in events:
            found.append(received)
            if len(found) == count:
                break
    return found


async def failure(bench: Bench, resume_after: str | None = "5") -> DealwireError:
    """Open a session and give the error that it ends with."""
    async with asyncio.timeout(10):
        with pytest.raises(DealwireError) as raised:
            await read_on(bench.source.events(resume_after), [])
    return raised.value


async def read_on(events: AsyncIterator[Received], found: list[str]) -> None:
    async for received in events:
        found += [received.replay_id] if received.replay_id else []


async def test_events_come_in_order_and_a_connect_without_any_is_quiet(bench: Bench) -> None:
    for events in ([event(6), event(7)], [], [event(8)]):
        bench.server.events.put_nowait(events)
    found = await take(bench, 5, "5")
    assert [(each.replay_id, each.quiet) for each in found] == [
        ("", False), ("6", False), ("7", False), ("", True), ("8", False),
    ]  # fmt: skip
    subscribe = next(one for one in bench.server.seen if one["channel"] == "/meta/subscribe")
    assert subscribe["ext"] == {"replay": {CHANNEL: 5}}
    assert bench.server.count("disconnect") == 1


@pytest.mark.parametrize(("position", "sent"), [(None, -1), (RETAINED_EDGE, -2), ("7", 7), ("0", 0)])
async def test_the_position_is_sent_as_cometd_wants_it(bench: Bench, position: str | None, sent: int) -> None:
    (first,) = await take(bench, 1, position)
    subscribe = next(one for one in bench.server.seen if one["channel"] == "/meta/subscribe")
    assert subscribe["ext"]["replay"] == {CHANNEL: sent}
    assert first.quiet is (position is None)


async def test_a_position_of_another_transport_is_a_gap(bench: Bench) -> None:
    assert isinstance(await failure(bench, "AAAAAAAAB4E="), GapError)


async def test_more_events_with_the_subscription_than_may_wait_block_nothing(bench: Bench) -> None:
    many = [event(number) for number in range(10, 6010)]
    bench.server.next("subscribe", lambda _request, message: [*many, replied(message)])
    found = await take(bench, 6001, "5")
    assert [each.replay_id for each in found if each.replay_id] == [str(each) for each in range(10, 6010)]


async def test_a_slow_reader_stops_the_asking(bench: Bench) -> None:
    async with aclosing(bench.source.events("5")) as events:
        await anext(events)
        for start in (10, 3010):
            bench.server.events.put_nowait([event(number) for number in range(start, start + 3000)])
        await anext(events)
        for _ in range(50):
            await asyncio.sleep(0.002)
        assert bench.server.events.qsize() == 1
        for _ in range(3500):
            await anext(events)
        assert bench.server.events.qsize() == 0


async def test_the_interval_is_milliseconds(bench: Bench) -> None:
    bench.server.advice = {"interval": 50, "timeout": 110_000}
    bench.server.events.put_nowait([event(6)])
    async with asyncio.timeout(3):
        assert (await take(bench, 2, "5"))[1].replay_id == "6"


@pytest.mark.parametrize("advice", [None, [], {"interval": "soon", "timeout": None}])
async def test_strange_advice_is_not_followed(bench: Bench, advice: object) -> None:
    bench.server.next("connect", lambda _request, message: [replied(message, advice=advice)])
    bench.server.next("connect", lambda _request, message: [event(6), replied(message)])
    assert (await take(bench, 2, "5"))[1].replay_id == "6"


async def test_an_event_that_cannot_be_read_is_given_with_its_bytes(bench: Bench) -> None:
    bench.server.events.put_nowait([{"channel": CHANNEL, "data": {"event": {"replayId": 6}}}, event(7)])
    _, broken, good = await take(bench, 3, "5")
    assert broken.malformed is not None
    assert (broken.replay_id, good.replay_id) == ("6", "7")


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
    told = 0

    async def flood(request: web.Request, _message: dict[str, Any]) -> web.StreamResponse:
        nonlocal told
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        if packed:
            response.enable_compression(web.ContentCoding.gzip)
        await response.prepare(request)
        with suppress(ConnectionError, asyncio.CancelledError):
            while told < 8 * LARGEST_ANSWER:
                await response.write(b" " * 2**20)
                told += 2**20
        return response

    bench.server.next(channel, flood)
    error = await failure(bench)
    assert isinstance(error, UnavailableError)
    assert "more than 32 MiB" in str(error)
    assert told < 8 * LARGEST_ANSWER, "whoever floods is hung up on"
    await take(bench, 1, "5")


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

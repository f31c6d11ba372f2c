"""What a service may do to us, and what becomes of the account: done once, and known in the end."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from connectors.accounts.config import HttpAccountsConfig
from connectors.accounts.http import HttpAccountSink
from connectors.accounts.standin.faults import Fault, ScriptedFaults
from connectors.accounts.standin.server import AccountsStandIn
from connectors.accounts.standin.store import Store
from schemas.errors import ConfigurationError, RefusedError, UnavailableError
from tests.fixtures.accounts import an_account
from tests.fixtures.tls import Tls

ACCOUNT = an_account()


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def ends() -> AsyncIterator[AsyncExitStack]:
    """Where clean-up is noted; the last opened is closed first."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def standin(ends: AsyncExitStack) -> AccountsStandIn:
    server = AccountsStandIn(slow_seconds=0.01)
    ends.push_async_callback(server.stop)
    return server


class Opens:
    """Opens sinks, and services that do as a test wants."""

    def __init__(self, ends: AsyncExitStack) -> None:
        self._ends = ends

    def sink(self, url: str, **settings: Any) -> HttpAccountSink:
        sink = HttpAccountSink(HttpAccountsConfig(url=url, **settings))
        self._ends.push_async_callback(sink.close)
        return sink

    async def service(self, handler: Handler, tls: ssl.SSLContext | None = None) -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        self._ends.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        return runner

    async def sink_of(self, handler: Handler) -> HttpAccountSink:
        runner = await self.service(handler)
        return self.sink(f"http://127.0.0.1:{runner.addresses[0][1]}/", timeout_seconds=2)


@pytest.fixture
def opens(ends: AsyncExitStack) -> Opens:
    return Opens(ends)


@pytest.mark.parametrize(
    ("fault", "unknown", "done"),
    [
        (Fault.CONFLICT, False, False),
        (Fault.BUSY, False, False),
        (Fault.DOWN, True, False),
        (Fault.BROKEN, True, False),
        (Fault.CUT, True, False),
        (Fault.BROKEN_AFTER, True, True),
        (Fault.GARBAGE_AFTER, True, True),
        (Fault.CUT_AFTER, True, True),
        (Fault.SILENT_AFTER, True, True),
    ],
)
async def test_a_fault_is_sorted_and_the_next_try_settles_it(
    opens: Opens, standin: AccountsStandIn, fault: Fault, unknown: bool, done: bool
) -> None:
    standin.faults = ScriptedFaults([fault])
    sink = opens.sink(await standin.start(), timeout_seconds=0.2)
    with pytest.raises(UnavailableError) as failed:
        await sink.upsert(ACCOUNT, idempotency_key="c1")
    assert failed.value.unknown_outcome is unknown
    upserted = await sink.upsert(ACCOUNT, idempotency_key="c1")
    assert (upserted.account, upserted.created) == (ACCOUNT, True)
    stats = await standin._ask(Store.stats)
    # Asked first, and put again only where it had not been done.
    assert stats.puts == {"c1": 1 if done else 2}
    assert stats.done == ["c1"]


async def test_a_slow_answer_is_an_answer(opens: Opens, standin: AccountsStandIn) -> None:
    standin.faults = ScriptedFaults([Fault.SLOW])
    sink = opens.sink(await standin.start())
    assert (await sink.upsert(ACCOUNT, idempotency_key="c1")).created


async def test_after_a_crash_of_ours_the_key_makes_the_second_try_an_echo(
    opens: Opens, standin: AccountsStandIn
) -> None:
    standin.faults = ScriptedFaults([Fault.CUT_AFTER])
    first = opens.sink(await standin.start())
    with pytest.raises(UnavailableError):
        await first.upsert(ACCOUNT, idempotency_key="c1")
    second = opens.sink(first._config.url)  # knows nothing of the first one's doubt
    assert (await second.upsert(ACCOUNT, idempotency_key="c1")).created
    stats = await standin._ask(Store.stats)
    assert (stats.puts, stats.done) == ({"c1": 2}, ["c1"])


async def test_who_gives_up_waiting_leaves_a_doubt(opens: Opens, standin: AccountsStandIn) -> None:
    standin.faults = ScriptedFaults([Fault.SILENT_AFTER])
    sink = opens.sink(await standin.start())
    waiting = asyncio.create_task(sink.upsert(ACCOUNT, idempotency_key="c1"))
    while not (await standin._ask(Store.stats)).done:  # each question gives the others their turn
        continue
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await sink.upsert(ACCOUNT, idempotency_key="c1")).created
    assert (await standin._ask(Store.stats)).puts == {"c1": 1}


async def test_a_doubt_stays_while_nobody_answers(opens: Opens, standin: AccountsStandIn) -> None:
    standin.faults = ScriptedFaults([Fault.CUT_AFTER])
    sink = opens.sink(await standin.start())
    with pytest.raises(UnavailableError):
        await sink.upsert(ACCOUNT, idempotency_key="c1")
    await standin.stop()
    with pytest.raises(UnavailableError) as failed:
        await sink.upsert(ACCOUNT, idempotency_key="c1")
    assert failed.value.unknown_outcome


async def test_doubts_are_bounded(
    opens: Opens, standin: AccountsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.accounts.http._MAX_DOUBTS", 3)
    standin.faults = ScriptedFaults([Fault.BROKEN_AFTER] * 10)
    sink = opens.sink(await standin.start())
    for number in range(10):
        with pytest.raises(UnavailableError):
            await sink.upsert(an_account(number), idempotency_key=f"c{number}")
    assert list(sink._doubts) == ["c7", "c8", "c9"]


async def test_nobody_listening_is_no_doubt(opens: Opens, standin: AccountsStandIn) -> None:
    sink = opens.sink(await standin.start())
    await standin.stop()
    with pytest.raises(UnavailableError) as failed:
        await sink.upsert(ACCOUNT, idempotency_key="c1")
    assert not failed.value.unknown_outcome


async def test_busy_says_when_to_come_back(opens: Opens, standin: AccountsStandIn) -> None:
    standin.faults = ScriptedFaults([Fault.BUSY])
    sink = opens.sink(await standin.start())
    with pytest.raises(UnavailableError) as failed:
        await sink.upsert(ACCOUNT, idempotency_key="c1")
    assert failed.value.retry_after == timedelta(seconds=1)


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_a_wrong_token_is_refused_and_not_told(
    opens: Opens, ends: AsyncExitStack, token: str | None
) -> None:
    standin = AccountsStandIn(token="right")
    ends.push_async_callback(standin.stop)
    url = await standin.start()
    with pytest.raises(RefusedError, match="401: Unauthorized") as refused:
        await opens.sink(url, token=token).upsert(ACCOUNT, idempotency_key="c1")
    assert "wrong" not in str(refused.value)
    assert (await opens.sink(url, token="right").upsert(ACCOUNT, idempotency_key="c1")).created


async def test_a_redirect_is_refused_and_the_token_goes_nowhere(opens: Opens) -> None:
    seen = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    sink = await opens.sink_of(handler)
    with pytest.raises(RefusedError, match="307"):
        await sink.upsert(ACCOUNT, idempotency_key="c1")
    assert seen == [f"/accounts/{ACCOUNT.id}"]


async def test_a_precondition_that_failed_is_a_higher_revision_held(opens: Opens) -> None:
    higher = an_account(revision=9)

    async def handler(request: web.Request) -> web.Response:
        if request.method == "PUT":
            return web.Response(status=412)
        return web.json_response(text=higher.model_dump_json(), headers={"Account-Created-By": "c0"})

    sink = await opens.sink_of(handler)
    upserted = await sink.upsert(ACCOUNT, idempotency_key="c1")
    assert (upserted.account, upserted.created) == (higher, False)


async def test_a_reply_without_end_is_cut_off(opens: Opens) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:  # until the client hangs up
            await response.write(b" " * 65536)

    sink = await opens.sink_of(handler)
    with pytest.raises(UnavailableError, match="too large") as failed:
        await sink.upsert(ACCOUNT, idempotency_key="c1")
    assert failed.value.unknown_outcome


@pytest.mark.parametrize(
    "body",
    [
        an_account(2).model_dump_json(),
        an_account(1, revision=0).model_dump_json(),
        "[]",
        "null",
        "",
        "[" * 100_000,
        '{"id": "\\ud800"}',
    ],
    ids=["another account", "an older one", "a list", "null", "nothing", "deep", "half a character"],
)
async def test_a_good_status_with_anything_else_is_an_unknown_outcome(opens: Opens, body: str) -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    sink = await opens.sink_of(handler)
    with pytest.raises(UnavailableError) as failed:
        await sink.upsert(ACCOUNT, idempotency_key="c1")
    assert failed.value.unknown_outcome


async def test_a_service_may_add_fields_of_its_own(opens: Opens) -> None:
    async def handler(_request: web.Request) -> web.Response:
        document = ACCOUNT.model_dump(mode="json") | {"owner": 7}
        return web.json_response(document, status=201, headers={"Account-Created-By": "c1"})

    sink = await opens.sink_of(handler)
    upserted = await sink.upsert(ACCOUNT, idempotency_key="c1")
    assert (upserted.account, upserted.created) == (ACCOUNT, True)


async def test_a_kept_connection_that_breaks_is_not_tried_again_unseen(opens: Opens) -> None:
    seen = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers["Idempotency-Key"])
        if seen[-1] == "c2":
            assert request.transport is not None
            request.transport.abort()
        document = ACCOUNT.model_dump(mode="json")
        return web.json_response(document, headers={"Account-Created-By": "c1"})

    sink = await opens.sink_of(handler)
    await sink.upsert(ACCOUNT, idempotency_key="c1")
    with pytest.raises(UnavailableError) as failed:
        await sink.upsert(ACCOUNT, idempotency_key="c2")
    assert failed.value.unknown_outcome
    assert seen == ["c1", "c2"]


async def test_over_tls_only_a_certificate_that_is_trusted(opens: Opens, tls: Tls) -> None:
    async def handler(_request: web.Request) -> web.Response:
        document = ACCOUNT.model_dump(mode="json")
        return web.json_response(document, status=201, headers={"Account-Created-By": "c1"})

    runner = await opens.service(handler, tls.server)
    url = f"https://localhost:{runner.addresses[0][1]}"
    assert (await opens.sink(url, ca_file=str(tls.ca_file)).upsert(ACCOUNT, idempotency_key="c1")).created
    with pytest.raises(RefusedError, match="certificate"):
        await opens.sink(url).upsert(ACCOUNT, idempotency_key="c1")


def test_authorities_that_cannot_be_read_are_named() -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        HttpAccountSink(HttpAccountsConfig(ca_file="/nowhere.pem"))

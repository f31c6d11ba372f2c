"""REST calls against an org that forgets sessions, fails, and answers nonsense."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Literal

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from connectors.salesforce.auth import TokenManager
from connectors.salesforce.describe import Stage, limits, stages
from connectors.salesforce.rest import RestClient
from connectors.salesforce.simulator.faults import HttpFault
from connectors.salesforce.token import Token
from connectors.salesforce.usage import ApiUsage
from schemas.errors import RefusedError, UnavailableError
from tests.fixtures.answering import Answering, Handler, answering
from tests.fixtures.salesforce_client import Pauses, Served, a_config, served
from tests.fixtures.small_org import small_org

SOQL = "SELECT Id, Amount FROM Opportunity WHERE Name = 'beta'"


@pytest.fixture
async def running() -> AsyncIterator[Served]:
    async with served(small_org().org) as found:
        yield found


async def _amount(running: Served) -> object:
    answer = await running.rest.call("GET", "query", params={"q": SOQL})
    return answer["records"][0]["Amount"]


async def test_numbers_come_exactly(running: Served) -> None:
    found = await _amount(running)
    assert found == Decimal("2000.5")
    assert isinstance(found, Decimal)


async def test_a_session_that_ended_is_renewed_and_the_call_made_again(running: Served) -> None:
    token = await running.tokens.token()
    running.clock.move(hours=3)
    assert running.org.sessions.revoke(token.access_token)
    assert await _amount(running) == Decimal("2000.5")
    assert await running.tokens.token() != token


async def test_fifty_calls_with_a_session_that_ended_make_one_login(running: Served) -> None:
    token = await running.tokens.token()
    running.clock.move(hours=3)
    running.org.sessions.revoke(token.access_token)
    with capture_logs() as logs:
        await asyncio.gather(*(_amount(running) for _ in range(50)))
    assert [each["event"] for each in logs] == ["salesforce login"]


@pytest.mark.parametrize("status", [500, 502, 503, 420, 429])
async def test_a_passing_failure_is_tried_again(running: Served, status: int) -> None:
    running.server.faults.http.append(HttpFault("/query", times=2, status=status))
    assert await _amount(running) == Decimal("2000.5")
    assert len(running.pauses.seconds) == 2


@pytest.mark.parametrize("kill", ["before", "after"])
async def test_a_broken_connection_is_tried_again(running: Served, kill: Literal["before", "after"]) -> None:
    running.server.faults.http.append(HttpFault("/query", kill=kill))
    assert await _amount(running) == Decimal("2000.5")


async def test_failures_that_stay_end_the_call(running: Served) -> None:
    running.server.faults.http.append(HttpFault("/query", times=99, status=503))
    with pytest.raises(UnavailableError):
        await _amount(running)
    assert running.rest.calls == 3


async def test_a_write_is_not_made_twice(running: Served) -> None:
    running.server.faults.http.append(HttpFault("/sobjects", kill="after"))
    with pytest.raises(UnavailableError) as broken:
        await running.rest.call("POST", "sobjects/Account", json={"Name": "Once"})
    assert broken.value.unknown_outcome
    assert sum(1 for row in running.org.rows("Account") if row["Name"] == "Once") == 1


async def test_a_used_up_day_is_not_tried_again(running: Served) -> None:
    await _amount(running)
    running.org.limits.max_api_calls = 1
    before = running.rest.calls
    with pytest.raises(UnavailableError) as used_up:
        await _amount(running)
    assert used_up.value.retry_after is not None
    assert running.rest.calls == before + 1


async def test_the_usage_is_a_gauge(running: Served) -> None:
    await _amount(running)
    await _amount(running)
    assert running.rest.usage == ApiUsage(2, running.org.limits.max_api_calls)


async def test_a_refusal_is_not_tried_again(running: Served) -> None:
    with pytest.raises(RefusedError, match="INVALID_FIELD"):
        await running.rest.call("GET", "query", params={"q": "SELECT Nope__c FROM Opportunity"})
    assert running.rest.calls == 1


async def test_stages_and_limits(running: Served) -> None:
    known = await stages(running.rest)
    assert [stage.name for stage in known[:2]] == ["Prospecting", "Qualification"]
    assert known[0] == Stage("Prospecting", 10)
    assert Stage("Closed Won", 100, is_closed=True, is_won=True) in known
    assert Stage("Closed Lost", 0, is_closed=True) in known
    found = await limits(running.rest)
    assert found is not None
    assert found.api_calls_left == running.org.limits.max_api_calls - 2


class _Tokens(TokenManager):
    """Gives the token of a server that is no org, and another one when that is refused."""

    def __init__(self, url: str) -> None:
        super().__init__(a_config(url))
        self.url, self.renewed = url, 0

    async def token(self) -> Token:
        return Token(f"t{self.renewed}", self.url, "00D5g000000Jm5XEAS")

    async def renew(self, stale: Token) -> Token:
        del stale
        self.renewed += 1
        return await self.token()


async def _calling(handler: Handler, calls: int = 1) -> tuple[list[object], _Tokens, Answering]:
    async with answering(handler) as host:
        tokens = _Tokens(host.url)
        rest = RestClient(a_config(host.url, max_concurrent_calls=3), tokens, pause=Pauses())
        found = await asyncio.gather(
            *(rest.call("GET", "limits") for _ in range(calls)), return_exceptions=True
        )
        await rest.close()
    return list(found), tokens, host


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<html>sign in</html>", UnavailableError),
        (b"\xff\xfe", UnavailableError),
        (b"5", UnavailableError),
        (b"null", UnavailableError),
        (b"[" * 100_000, UnavailableError),
        (b"1" * 10_000, UnavailableError),
    ],
)
async def test_a_success_that_is_nonsense(body: bytes, expected: type[Exception]) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    (found,), _, _ = await _calling(answer)
    assert isinstance(found, expected)


@pytest.mark.parametrize("body", ["", "<html>sign in</html>", '[{"errorCode":"INVALID_SESSION_ID"}]'])
async def test_a_token_refused_again_and_again_is_renewed_once(body: str) -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=401, text=body)

    (found,), tokens, host = await _calling(refuse)
    assert isinstance(found, UnavailableError)
    assert (tokens.renewed, len(host.requests)) == (1, 2)


async def test_a_session_not_for_rest_is_not_renewed() -> None:
    async def refuse(_request: web.Request) -> web.Response:
        message = "This session is not valid for use with the REST API"
        return web.json_response([{"errorCode": "INVALID_SESSION_ID", "message": message}], status=401)

    (found,), tokens, host = await _calling(refuse)
    assert isinstance(found, RefusedError)
    assert (tokens.renewed, len(host.requests)) == (0, 1)


async def test_calls_at_the_same_time_are_bounded() -> None:
    now, most = 0, 0

    async def answer(_request: web.Request) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return web.json_response({"a": 1})

    found, _, _ = await _calling(answer, calls=20)
    assert found == [{"a": 1}] * 20
    assert most == 3


async def test_a_caller_that_gives_up_gives_its_place_back_when_the_thread_ends() -> None:
    async def answer(_request: web.Request) -> web.Response:
        await asyncio.sleep(0.05)
        return web.json_response({"a": 1})

    async with answering(answer) as host:
        rest = RestClient(a_config(host.url, max_concurrent_calls=1), _Tokens(host.url), pause=Pauses())
        left = asyncio.create_task(rest.call("GET", "limits"))
        await asyncio.sleep(0.02)
        left.cancel()
        assert await rest.call("GET", "limits") == {"a": 1}
        await rest.close()

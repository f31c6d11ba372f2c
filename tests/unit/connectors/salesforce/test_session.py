"""The token leaves for its instance only, and an answer is bounded whatever the instance sends."""

import asyncio

import pytest
import requests
from aiohttp import web
from simple_salesforce import Salesforce

from connectors.salesforce import session as session_module
from connectors.salesforce.session import InstanceSession
from connectors.salesforce.usage import ApiUsage, usage_of
from schemas.errors import RefusedError, UnavailableError
from tests.fixtures.answering import answering
from tests.fixtures.salesforce_client import a_config

INSTANCE = "https://acme.my.salesforce.com"


def _session(instance_url: str = INSTANCE, seen: list[ApiUsage] | None = None) -> InstanceSession:
    usages = [] if seen is None else seen
    return InstanceSession(a_config(instance_url, timeout_seconds=1), instance_url, usages.append)


@pytest.mark.parametrize(
    "record_id",
    [
        "https://evil.example/collect",
        "//evil.example/collect",
        "https://acme.my.salesforce.com.evil.example/",
        "https://acme.my.salesforce.com@evil.example/",
        "https://user:pass@acme.my.salesforce.com/",
        "https://acme.my.salesforce.com:8443/",
        "http://acme.my.salesforce.com/",
        "http://127.0.0.1:1/",
    ],
)
def test_an_id_that_is_a_url_does_not_take_the_token_away(record_id: str) -> None:
    library = Salesforce(session_id="SESSION", instance_url=INSTANCE, session=_session())
    with pytest.raises(RefusedError) as refused:
        library.Account.update(record_id, {"Name": "x"})
    assert "SESSION" not in str(refused.value)


async def test_redirects_are_not_followed() -> None:
    async def elsewhere(_request: web.Request) -> web.Response:
        return web.Response(text="collected")

    async with answering(elsewhere) as other:

        async def redirect(_request: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": other.url})

        async with answering(redirect) as host:
            reply = await asyncio.to_thread(_session(host.url).get, host.url, allow_redirects=True)
        assert reply.status_code == 302
        assert other.requests == []


async def test_an_answer_too_large_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "_LARGEST_REPLY", 1000)

    async def much(_request: web.Request) -> web.Response:
        response = web.Response(body=b"x" * 100_000)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async with answering(much) as host:
        with pytest.raises(UnavailableError, match="more than"):
            await asyncio.to_thread(_session(host.url).get, host.url)


async def test_an_answer_that_never_comes_is_not_waited_for() -> None:
    async def silence(_request: web.Request) -> web.Response:
        await asyncio.sleep(3)
        return web.Response()

    async with answering(silence) as host:
        with pytest.raises(requests.exceptions.ReadTimeout):
            await asyncio.to_thread(_session(host.url).get, host.url)


async def test_asks_for_small_answers_and_reads_the_usage() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="{}", headers={"Sforce-Limit-Info": "api-usage=18/5000"})

    seen: list[ApiUsage] = []
    async with answering(answer) as host:
        reply = await asyncio.to_thread(
            _session(host.url, seen).get, host.url, headers={"X-PrettyPrint": "1"}
        )
        assert host.requests[0].headers["X-PrettyPrint"] == "0"
    assert reply.json() == {}
    assert seen == [ApiUsage(18, 5000)]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("api-usage=10018/100000", ApiUsage(10018, 100_000)),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=x)", ApiUsage(25, 5000)),
        ("per-app-api-usage=17/250(appName=x); api-usage=25/5000", ApiUsage(25, 5000)),
        ("per-app-api-usage=17/250(appName=x)", None),
        ("api-usage=/", None),
        ("api-usage=1/" + "9" * 50, None),
        ("", None),
    ],
)
def test_the_usage_header(header: str, expected: ApiUsage | None) -> None:
    assert usage_of(header) == expected

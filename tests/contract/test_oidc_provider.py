"""The keys of ID tokens, fetched over HTTP from a provider that is slow, wrong, gone, or leads elsewhere."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from schemas.access import Role
from tests.fixtures.answering import answering
from tests.fixtures.api import NOW, TOKENS
from tests.fixtures.openid import DISCOVERY, FOREIGN, SECOND, Issuer, Reply, an_issuer, refused


@pytest.fixture
async def issuer(capfd: pytest.CaptureFixture[str]) -> AsyncIterator[Issuer]:
    async with an_issuer(capfd) as served:
        yield served


async def test_a_token_that_holds_opens_what_its_roles_open(issuer: Issuer) -> None:
    for _ in range(3):
        assert (await issuer.ask(issuer.token())).status_code == 200
    assert issuer.asked == [DISCOVERY, "/keys"]
    assert (await issuer.ask(issuer.token(), "POST", "/v1/tasks/t1/commands")).status_code == 403
    assert (await issuer.ask(issuer.token(groups=["golf"]))).status_code == 403


async def test_keys_are_rotated(issuer: Issuer) -> None:
    old, new = issuer.token(), issuer.token(SECOND, header={"kid": "second"})
    assert (await issuer.ask(old)).status_code == 200
    issuer.published = ["first", "second"]
    refused(await issuer.ask(new), 401, new)
    issuer.clock.moment = NOW + timedelta(seconds=31)
    assert (await issuer.ask(new)).status_code == 200
    issuer.published = ["second"]
    issuer.clock.moment = NOW + timedelta(seconds=631)
    assert (await issuer.ask(new)).status_code == 200
    refused(await issuer.ask(old), 401, old)


async def test_made_up_key_ids_make_nobody_ask(issuer: Issuer) -> None:
    assert (await issuer.ask(issuer.token())).status_code == 200
    made_up = [issuer.token(FOREIGN, header={"kid": f"made-up-{number}"}) for number in range(50)]
    for seconds in (0, 29, 31):
        issuer.clock.moment = NOW + timedelta(seconds=seconds)
        answers = await asyncio.gather(*(issuer.ask(each) for each in made_up))
        assert {answer.status_code for answer in answers} == {401}
    assert issuer.asked == [DISCOVERY, "/keys"] * 2


async def never() -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


def gives(**reply: Any) -> Reply:
    async def made() -> web.StreamResponse:
        return web.Response(**reply)

    return made


def packed(size: int) -> bytes:
    return gzip.compress(b'{"keys": [' + b" " * size + b"]}")


GARBAGE: dict[str, Reply] = {
    "500": gives(status=500),
    "204": gives(status=204),
    "401": gives(status=401, headers={"WWW-Authenticate": "Basic"}),
    "nothing": gives(body=b""),
    "html": gives(text="<html>", content_type="text/html"),
    "no object": gives(text="[]"),
    "no keys": gives(text="{}"),
    "half": gives(text='{"keys": ['),
    "not utf-8": gives(body=b'{"keys": "\xff"}'),
    "nested": gives(body=b'{"keys":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "large": gives(body=b'{"keys": [' + b" " * 300_000 + b"]}"),
    "packed": gives(body=packed(50_000_000), headers={"Content-Encoding": "gzip"}),
    "never": never,
}


@pytest.mark.parametrize("path", [DISCOVERY, "/keys"])
@pytest.mark.parametrize("garbage", GARBAGE)
async def test_a_provider_that_cannot_be_understood_lets_nobody_in(
    issuer: Issuer, garbage: str, path: str
) -> None:
    issuer.opens(timeout_seconds=1 if garbage == "never" else 20)
    issuer.instead[path] = GARBAGE[garbage]
    for _ in range(3):
        refused(await issuer.ask(issuer.token()), 503, issuer.token())
    assert issuer.asked.count(path) == 1
    assert (await issuer.ask(TOKENS[Role.ADMIN])).status_code == 200
    issuer.instead.clear()
    issuer.clock.moment = NOW + timedelta(seconds=31)
    assert (await issuer.ask(issuer.token())).status_code == 200


async def test_a_provider_that_fails_later_takes_nothing_from_those_with_known_keys(issuer: Issuer) -> None:
    assert (await issuer.ask(issuer.token())).status_code == 200
    issuer.instead["/keys"] = gives(status=500)
    issuer.clock.moment = NOW + timedelta(seconds=60)
    stranger = issuer.token(FOREIGN, header={"kid": "made-up"})
    refused(await issuer.ask(stranger), 503, stranger)
    assert (await issuer.ask(issuer.token())).status_code == 200
    issuer.clock.moment = NOW + timedelta(seconds=661)
    refused(await issuer.ask(issuer.token()), 503, issuer.token())


async def test_nobody_with_a_known_key_waits_behind_a_slow_provider(issuer: Issuer) -> None:
    assert (await issuer.ask(issuer.token())).status_code == 200
    asked, let_go = asyncio.Event(), asyncio.Event()

    async def slow() -> web.StreamResponse:
        asked.set()
        await let_go.wait()
        return web.json_response({"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"})

    issuer.instead[DISCOVERY] = slow
    issuer.clock.moment = NOW + timedelta(seconds=60)
    stranger = asyncio.create_task(issuer.ask(issuer.token(FOREIGN, header={"kid": "made-up"})))
    await asked.wait()
    assert (await issuer.ask(issuer.token())).status_code == 200
    assert not stranger.done()
    let_go.set()
    assert (await stranger).status_code == 401


@pytest.mark.parametrize("path", [DISCOVERY, "/keys"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirection_is_not_followed(issuer: Issuer, path: str, status: int) -> None:
    async def evil(_: web.Request) -> web.StreamResponse:
        return web.json_response({"keys": []})

    async with answering(evil) as elsewhere:
        issuer.instead[path] = gives(status=status, headers={"Location": f"{elsewhere.url}{path}"})
        refused(await issuer.ask(issuer.token()), 503, issuer.token())
        assert elsewhere.requests == []


async def test_discovery_cannot_lead_to_another_host(issuer: Issuer) -> None:
    async def evil(_: web.Request) -> web.StreamResponse:
        return web.json_response({"keys": []})

    async with answering(evil) as elsewhere:
        document = {"issuer": issuer.url, "jwks_uri": f"{elsewhere.url}/keys"}
        issuer.instead[DISCOVERY] = gives(text=json.dumps(document))
        refused(await issuer.ask(issuer.token()), 503, issuer.token())
        assert elsewhere.requests == []
        issuer.opens(keys_url=f"{issuer.url}/keys")
        assert (await issuer.ask(issuer.token())).status_code == 200


async def test_a_provider_that_is_down(issuer: Issuer) -> None:
    async with AsyncExitStack() as stack:
        gone = await stack.enter_async_context(answering(issuer.reply))
        address = gone.url
    issuer.opens(issuer=address)
    token = issuer.token(iss=address)
    refused(await issuer.ask(token), 503, token)

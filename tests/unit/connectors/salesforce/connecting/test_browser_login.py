"""The browser's answer is taken if it is to our login, and nothing else is."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest

from connectors.kafka.broker.ports import free_ports
from connectors.salesforce.connecting.browser_login import BrowserLogin, NotOursError
from connectors.salesforce.connecting.loopback import PATH, Loopback
from schemas.errors import RefusedError, UnavailableError, UsageError
from tests.fixtures.salesforce_client import a_config

REDIRECT = "http://localhost:8717/callback"


def a_login(redirect_uri: str = REDIRECT) -> BrowserLogin:
    return BrowserLogin(a_config(client_id="KEY"), redirect_uri)


def answer(login: BrowserLogin, **said: str) -> str:
    return f"{login.redirect_uri}?{urlencode({'state': login.state, **said})}"


def test_the_address_asks_for_what_is_needed_and_tells_no_secret() -> None:
    login = a_login()
    query = {name: values[0] for name, values in parse_qs(urlsplit(login.url).query).items()}
    digest = base64.urlsafe_b64encode(hashlib.sha256(login.verifier.encode()).digest())
    assert query == {
        "response_type": "code",
        "client_id": "KEY",
        "redirect_uri": REDIRECT,
        "scope": "api refresh_token",
        "state": login.state,
        "code_challenge": digest.decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    assert login.verifier not in login.url
    assert login.verifier not in repr(login)
    assert login.state not in repr(login)
    assert 43 <= len(login.verifier) <= 128


def test_no_two_logins_are_alike() -> None:
    assert a_login().state != a_login().state
    assert a_login().verifier != a_login().verifier


def test_the_code_of_our_answer_is_taken() -> None:
    login = a_login()
    assert login.code(f" {answer(login, code='aPrx', sfdc_community='x')}\n") == "aPrx"


@pytest.mark.parametrize("error", ["access_denied", "access-denied"])
def test_a_denial_is_a_no_that_says_what_to_do(error: str) -> None:
    login = a_login()
    with pytest.raises(RefusedError, match=error) as refused:
        login.code(answer(login, error=error, error_description="end-user denied\x1b[2J"))
    assert "allow" in refused.value.todo
    assert "\x1b" not in str(refused.value)


def test_an_app_that_is_not_installed_is_a_matter_for_an_administrator() -> None:
    login = a_login()
    with pytest.raises(RefusedError) as refused:
        login.code(answer(login, error="invalid_client", error_description="app must be installed into org"))
    assert "administrator installs" in refused.value.todo


def hostile(login: BrowserLogin) -> dict[str, str]:
    ours = answer(login, code="aPrx")
    return {
        "no state": f"{REDIRECT}?code=x",
        "wrong state": f"{REDIRECT}?code=x&state=guess",
        "an error without state": f"{REDIRECT}?error=access_denied",
        "an error with a wrong state": f"{REDIRECT}?error=access_denied&state=guess",
        "state in another script": f"{REDIRECT}?code=x&state=ä",
        "two states": f"{ours}&state=guess",
        "two codes": f"{ours}&code=other",
        "no code": answer(login),
        "another host": ours.replace("localhost", "evil.example"),
        "another port": ours.replace("8717", "8718"),
        "another path": ours.replace("/callback", "/callback/x"),
        "another scheme": ours.replace("http:", "https:"),
        "a login in it": ours.replace("localhost", "localhost@evil.example"),
        "nothing": "",
        "no address": "aPrx",
        "no host": "http://[",
        "a long one": ours + "&x=" + "y" * 10_000,
        "many parameters": ours + "&x=1" * 50,
    }


@pytest.mark.parametrize("kind", hostile(a_login()))
def test_what_is_not_ours_is_not_followed(kind: str) -> None:
    login = a_login()
    with pytest.raises(NotOursError):
        login.code(hostile(login)[kind])


@asynccontextmanager
async def waiting() -> AsyncIterator[tuple[BrowserLogin, Loopback, aiohttp.ClientSession]]:
    (port,) = free_ports(1)
    login = a_login(f"http://localhost:{port}{PATH}")
    server = Loopback(login, port)
    await server.start()
    try:
        async with aiohttp.ClientSession() as http:
            yield login, server, http
    finally:
        await server.stop()


async def test_the_browser_comes_back_once() -> None:
    async with waiting() as (login, server, http):
        async with http.get(answer(login, code="aPrx")) as reply:
            assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-store")
            assert "aPrx" not in await reply.text()
        assert await server.code(5) == "aPrx"
        async with http.get(answer(login, code="other")) as reply:
            assert reply.status == 410
        assert await server.code(5) == "aPrx"


async def test_the_wait_goes_on_past_answers_that_are_not_ours() -> None:
    async with waiting() as (login, server, http):
        for bad, headers in (
            (f"{login.redirect_uri}?code=x&state=guess", {}),
            (f"{login.redirect_uri}?error=access_denied&state=guess", {}),
            (f"{login.redirect_uri}?error=<script>alert(1)</script>", {}),
            # A name that an attacker's DNS points to this machine.
            (answer(login, code="x"), {"Host": "evil.example"}),
            (answer(login, code="x").replace("/callback", "/other"), {}),
        ):
            async with http.get(bad, headers=headers) as reply:
                assert reply.status in (400, 404)
                assert "<script>" not in await reply.text()
        for method in ("POST", "HEAD", "PUT"):
            async with http.request(method, answer(login, code="x")) as reply:
                assert reply.status == 405
        async with http.get(answer(login, code="aPrx")) as reply:
            assert reply.status == 200
        assert await server.code(5) == "aPrx"


async def test_a_no_ends_the_wait() -> None:
    async with waiting() as (login, server, http):
        async with http.get(answer(login, error="access-denied")) as reply:
            assert reply.status == 403
        with pytest.raises(RefusedError, match="access-denied"):
            await server.code(5)


async def test_a_browser_that_does_not_come_back_is_waited_for_a_while() -> None:
    async with waiting() as (login, server, _):
        with pytest.raises(UnavailableError, match="not come back") as late:
            await server.code(0)
        assert login.redirect_uri in late.value.todo


async def test_only_this_machine_is_listened_to_and_a_taken_port_is_named() -> None:
    async with waiting() as (login, _, http):
        port = urlsplit(login.redirect_uri).port or 0
        with pytest.raises(UsageError, match=str(port)):
            await Loopback(login, port).start()
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(f"http://127.0.0.2:{port}{PATH}")
        async with http.get(f"http://127.0.0.1:{port}{PATH}") as reply:
            assert reply.status == 400

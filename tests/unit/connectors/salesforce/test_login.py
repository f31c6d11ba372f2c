"""Both ways to log in at the simulated org, and a login host that means us ill."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from connectors.ports import SystemClock
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.login import OAuthLogin
from connectors.salesforce.simulator.connected_app import make_key
from connectors.salesforce.simulator.org import Org
from schemas.errors import ConfigurationError, DealwireError, RefusedError, UnavailableError
from tests.fixtures.answering import answering
from tests.fixtures.salesforce_client import HandClock, a_config, served

GOOD: dict[str, Any] = {
    "access_token": "00D5g000000Jm5X!SESSION",
    "instance_url": "https://acme.my.salesforce.com/",
    "id": "https://login.salesforce.com/id/00D5g000000Jm5X/0055g000004Tz8WAAS",
}


def _login(config: SalesforceConfig) -> OAuthLogin:
    return OAuthLogin(config, SystemClock())


async def test_client_credentials() -> None:
    org = Org(seed=1)
    async with served(org) as running:
        token = await _login(running.config)()
    assert (token.org_id, token.instance_url) == (org.org_id, org.instance_url)
    assert org.sessions.lookup(token.access_token) is not None


async def test_jwt(tmp_path: Path) -> None:
    org = Org(seed=1)
    private, org.app.public_key_pem = make_key()
    key = tmp_path / "key.pem"
    key.write_bytes(private)
    username = next(iter(org.credentials))
    async with served(org) as running:
        config = a_config(
            running.config.login_url,
            flow="jwt",
            client_id=org.app.client_id,
            username=username,
            jwt_key_file=key,
        )
        # The org stands still, so its clock is ours.
        clock = HandClock(org.clock.now())
        token = await OAuthLogin(config, clock)()
        assert token.org_id == org.org_id
        clock.move(minutes=30)
        with pytest.raises(RefusedError):
            await OAuthLogin(config, clock)()


async def test_a_wrong_secret_is_refused_without_showing_it() -> None:
    org = Org(seed=1)
    async with served(org) as running:
        config = a_config(running.config.login_url, client_id=org.app.client_id, client_secret="WRONG-ONE")
        with pytest.raises(RefusedError, match="invalid_client") as refused:
            await _login(config)()
    assert "WRONG-ONE" not in str(refused.value)


async def test_a_secret_is_asked_for_when_it_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="client_secret"):
        await _login(a_config(client_secret=None))()


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n", None])
async def test_a_key_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    key = tmp_path / "key.pem"
    if content is not None:
        key.write_bytes(content)
    config = a_config(flow="jwt", username="svc@acme.example", jwt_key_file=key)
    with pytest.raises(ConfigurationError, match="key") as wrong:
        await _login(config)()
    assert "AAAA" not in str(wrong.value)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", UnavailableError),
        (b"<html>", UnavailableError),
        (b"[]", UnavailableError),
        (b"5", UnavailableError),
        (json.dumps({**GOOD, "id": "https://x.example/"}).encode(), UnavailableError),
        (json.dumps({**GOOD, "id": "https://x.example/id/00Dwrong/005"}).encode(), UnavailableError),
        (json.dumps({**GOOD, "access_token": ""}).encode(), UnavailableError),
        (json.dumps({**GOOD, "access_token": "a\r\nX-Evil: 1"}).encode(), UnavailableError),
        (json.dumps({**GOOD, "instance_url": "https://evil.example"}).encode(), RefusedError),
        (json.dumps({**GOOD, "instance_url": "https://evil.example#.salesforce.com"}).encode(), RefusedError),
        (
            json.dumps({**GOOD, "instance_url": "https://a.salesforce.com@evil.example"}).encode(),
            RefusedError,
        ),
        (json.dumps({**GOOD, "instance_url": "https://u:p@a.salesforce.com"}).encode(), RefusedError),
        (json.dumps({**GOOD, "instance_url": "http://acme.my.salesforce.com"}).encode(), RefusedError),
        (b"x" * 100_000, UnavailableError),
    ],
)
async def test_an_answer_that_is_no_login(body: bytes, error: type[DealwireError]) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    async with answering(answer) as host:
        with pytest.raises(error) as raised:
            await _login(a_config(host.url))()
    assert "SESSION" not in str(raised.value)


async def test_a_good_answer_gives_the_org_id_in_full() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(GOOD)

    async with answering(answer) as host:
        token = await _login(a_config(host.url))()
    assert token.org_id == "00D5g000000Jm5XEAS"
    assert token.instance_url == "https://acme.my.salesforce.com"


async def test_credentials_follow_no_redirect() -> None:
    async def collect(_request: web.Request) -> web.Response:
        return web.json_response(GOOD)

    async with answering(collect) as elsewhere:

        async def redirect(_request: web.Request) -> web.Response:
            return web.Response(status=307, headers={"Location": f"{elsewhere.url}/collect"})

        async with answering(redirect) as host:
            with pytest.raises(RefusedError, match="redirect"):
                await _login(a_config(host.url))()
        assert elsewhere.requests == []


async def test_nobody_at_the_login_host() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response()

    async with answering(answer) as host:
        url = host.url
    with pytest.raises(UnavailableError):
        await _login(a_config(url))()

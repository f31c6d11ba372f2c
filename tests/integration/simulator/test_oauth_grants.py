"""Logging in to the simulated org: every grant, and every refusal."""

import base64
import hashlib
import hmac
from typing import Any

import aiohttp
import jwt
import pytest

from connectors.salesforce.simulator.oauth.replies import signature
from tests.fixtures.login import (
    JWT_BEARER,
    OTHER_KEY,
    Login,
)


def test_the_signature_is_that_of_the_documentation() -> None:
    identity = "https://login.salesforce.com/id/00D5g000000Jm5XEAS/0055g000004Tz8WAAS"
    assert signature("SECRET", identity, "1789374612000") == "AdGKuw1Aah46rmhRB/SjaSX/Gs9Z4ddivm/S/I4hjEs="


async def test_a_token_reply_has_the_documented_parts_and_no_more(login: Login) -> None:
    status, body = await login.token(grant_type="client_credentials", **login.app)
    user = login.org.integration_user_id
    identity = f"{login.url}/id/{login.org.org_id}/{user}"
    issued = body["issued_at"]
    assert status == 200
    assert isinstance(issued, str)
    message = f"{identity}{issued}".encode()
    expected = hmac.new(login.app["client_secret"].encode(), message, hashlib.sha256).digest()
    assert str(body.pop("access_token")).startswith(f"{login.org.org_id[:15]}!")
    assert body == {
        "signature": base64.b64encode(expected).decode(),
        "scope": "api",
        "instance_url": login.url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": str(int(login.org.clock.now().timestamp() * 1000)),
    }


async def test_every_grant_gives_a_token_that_works(login: Login) -> None:
    (credential,) = login.org.credentials.values()
    milliseconds = int(login.org.clock.now().timestamp() * 1000)
    with_token = {**login.person, "password": credential.password + credential.security_token}
    for form in (
        {"grant_type": "client_credentials", **login.app},
        {"grant_type": "password", **login.app, **login.person},
        {"grant_type": "password", **login.app, **with_token},
        {"grant_type": JWT_BEARER, "assertion": login.assertion()},
        {"grant_type": JWT_BEARER, "assertion": login.assertion(aud="https://test.salesforce.com")},
        {"grant_type": JWT_BEARER, "assertion": login.assertion(aud=f"{login.url}/")},
        {"grant_type": JWT_BEARER, "assertion": login.assertion(aud=["x", login.url])},
        {"grant_type": JWT_BEARER, "assertion": login.assertion(exp=milliseconds + 300)},
        {
            "grant_type": JWT_BEARER,
            "assertion": login.assertion(exp=str(login.org.clock.now().timestamp())[:10]),
        },
    ):
        status, body = await login.token(**form)
        assert status == 200, (form, body)
        assert await login.works(body["access_token"])
        assert "refresh_token" not in body


async def test_client_credentials_may_come_in_a_header(login: Login) -> None:
    header = aiohttp.encode_basic_auth(login.app["client_id"], login.app["client_secret"])
    status, _ = await login.post(
        "token", {"grant_type": "client_credentials"}, headers={"Authorization": header}
    )
    assert status == 200


async def test_client_credentials_are_not_for_the_login_host(login: Login) -> None:
    form = {"grant_type": "client_credentials", **login.app}
    assert await login.post("token", form, headers={"Host": "login.salesforce.com"}) == (
        400,
        {"error": "invalid_grant", "error_description": "request not supported on this domain"},
    )


@pytest.mark.parametrize(
    ("change", "error", "description"),
    [
        ({"grant_type": ""}, "unsupported_grant_type", "grant type not supported"),
        ({"grant_type": "magic"}, "unsupported_grant_type", "grant type not supported"),
        ({"client_id": "3MVGnobody"}, "invalid_client_id", "client identifier invalid"),
        ({"client_id": "\u20ac"}, "invalid_client_id", "client identifier invalid"),
        ({"client_secret": "wrong"}, "invalid_client", "invalid client credentials"),
        ({"client_secret": ""}, "invalid_client", "invalid client credentials"),
        ({"password": "wrong"}, "invalid_grant", "authentication failure"),
        ({"username": "nobody@x.example"}, "invalid_grant", "authentication failure"),
        ({"grant_type": "refresh_token"}, "invalid_grant", "expired access/refresh token"),
        ({"grant_type": "authorization_code"}, "invalid_grant", "expired authorization code"),
    ],
)
async def test_refused_grants(login: Login, change: dict[str, str], error: str, description: str) -> None:
    form = {"grant_type": "password", **login.app, **login.person, **change}
    assert await login.token(**form) == (400, {"error": error, "error_description": description})


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"aud": "https://evil.example"}, "invalid_grant", "Audience validation failed"),
        ({"aud": None}, "invalid_grant", "Audience validation failed"),
        ({"aud": 5}, "invalid_grant", "Audience validation failed"),
        ({"sub": "nobody@x.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"sub": ""}, "invalid_grant", "user hasn't approved this consumer"),
        ({"iss": "3MVGnobody"}, "invalid_client_id", "client identifier invalid"),
        ({"exp": 1_000_000_000}, "invalid_grant", "expired authorization code"),
        ({"exp": 4_000_000_000}, "invalid_grant", "invalid assertion"),
        ({"exp": 10**30}, "invalid_grant", "invalid assertion"),
        ({"exp": "soon"}, "invalid_grant", "invalid assertion"),
        ({"exp": None}, "invalid_grant", "invalid assertion"),
    ],
)
async def test_refused_claims(login: Login, claims: dict[str, Any], error: str, description: str) -> None:
    assertion = login.assertion(**claims)
    assert await login.token(grant_type=JWT_BEARER, assertion=assertion) == (
        400,
        {"error": error, "error_description": description},
    )


async def test_refused_assertions(login: Login) -> None:
    login_admin = login.org.get("User", login.org.admin_id)
    assert login_admin is not None
    for assertion, description in (
        ("", "invalid assertion"),
        ("a.b.c", "invalid assertion"),
        (login.assertion(key=OTHER_KEY), "invalid assertion"),
        (login.assertion(key=b"k" * 64, algorithm="HS256"), "invalid assertion"),
        (jwt.encode({"sub": login.person["username"]}, "", algorithm="none"), "invalid assertion"),
        (login.assertion(sub=login_admin["Username"]), "user hasn't approved this consumer"),
    ):
        status, body = await login.token(grant_type=JWT_BEARER, assertion=assertion)
        assert (status, body["error_description"]) == (400, description)
    login.org.app.public_key_pem = None
    status, _ = await login.token(grant_type=JWT_BEARER, assertion=login.assertion())
    assert status == 400


async def test_an_inactive_user_is_refused(login: Login) -> None:
    with login.org.transaction(login.org.admin_id) as tx:
        tx.update("User", login.org.integration_user_id, {"IsActive": False})
    status, body = await login.token(grant_type="password", **login.app, **login.person)
    assert (status, body["error_description"]) == (400, "authentication failure")
    status, body = await login.token(grant_type=JWT_BEARER, assertion=login.assertion())
    assert (status, body["error_description"]) == (400, "user hasn't approved this consumer")

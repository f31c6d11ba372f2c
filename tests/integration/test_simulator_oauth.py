"""Logging in to the simulated org: every grant, every refusal, and what becomes of tokens."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import jwt
import pytest

from connectors.salesforce.simulator.connected_app import make_key
from connectors.salesforce.simulator.oauth.replies import signature
from connectors.salesforce.simulator.org import Org
from tests.fixtures.served_org import serving
from tests.fixtures.small_org import small_org

PRIVATE_KEY, PUBLIC_KEY = make_key()
OTHER_KEY, _ = make_key()
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
REDIRECT = "http://127.0.0.1:9/callback?x=1"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@dataclass
class Login:
    """A client of the login host."""

    org: Org
    http: aiohttp.ClientSession
    url: str

    @property
    def app(self) -> dict[str, str]:
        return {"client_id": self.org.app.client_id, "client_secret": self.org.app.client_secret}

    @property
    def person(self) -> dict[str, str]:
        (credential,) = self.org.credentials.values()
        return {"username": credential.username, "password": credential.password}

    async def post(self, path: str, form: dict[str, str], **options: object) -> tuple[int, dict[str, object]]:
        async with self.http.post(f"{self.url}/services/oauth2/{path}", data=form, **options) as reply:  # type: ignore[arg-type]  # keyword options are aiohttp's own
            assert reply.headers["Cache-Control"] == "no-store"
            return reply.status, await reply.json(content_type="application/json")

    async def token(self, **form: str) -> tuple[int, dict[str, object]]:
        return await self.post("token", form)

    async def works(self, token: object) -> bool:
        url = f"{self.url}/services/data/v66.0/limits"
        async with self.http.get(url, headers={"Authorization": f"Bearer {token}"}) as reply:
            return reply.status == 200

    def assertion(self, key: bytes = PRIVATE_KEY, algorithm: str = "RS256", **claims: Any) -> str:
        expiry = self.org.clock.now() + timedelta(minutes=3)
        known = {
            "iss": self.org.app.client_id,
            "sub": self.person["username"],
            "aud": "https://login.salesforce.com",
            "exp": int(expiry.timestamp()),
        }
        return jwt.encode(known | claims, key, algorithm=algorithm)


@pytest.fixture(name="login")
async def _login() -> AsyncIterator[Login]:
    org = small_org().org
    org.app.public_key_pem = PUBLIC_KEY
    async with serving(org) as url, aiohttp.ClientSession() as http:
        yield Login(org, http, url)


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


async def code_for(login: Login, **more: str) -> str:
    """Go through the login page as a browser does, and give the code."""
    form = {
        "response_type": "code",
        "client_id": login.app["client_id"],
        "redirect_uri": REDIRECT,
        "scope": "api refresh_token",
        "state": "a&b",
        **more,
    }
    place = f"{login.url}/services/oauth2/authorize"
    async with login.http.get(place, params=form) as reply:
        page = await reply.text()
        assert (reply.status, reply.content_type) == (200, "text/html")
        assert 'name="state" value="a&amp;b"' in page
    wrong = {**login.person, "password": "wrong"}
    async with login.http.post(place, data={**form, **wrong}, allow_redirects=False) as reply:
        assert (reply.status, "check your username" in await reply.text()) == (200, True)
    async with login.http.post(place, data={**form, **login.person}, allow_redirects=False) as reply:
        assert reply.status == 302
        location = reply.headers["Location"]
    assert location.startswith(f"{REDIRECT}&")
    query = parse_qs(urlsplit(location).query)
    assert query["state"] == ["a&b"]
    return query["code"][0]


async def test_the_web_server_flow_with_pkce(login: Login) -> None:
    redeem = {
        "grant_type": "authorization_code",
        "client_id": login.app["client_id"],
        "redirect_uri": REDIRECT,
    }
    # A client that names no method means S256.
    code = await code_for(login, code_challenge=CHALLENGE)
    status, body = await login.token(**redeem, code=code, code_verifier=VERIFIER)
    assert (status, body["scope"]) == (200, "api refresh_token")
    assert await login.works(body["access_token"])
    # A code is good once.
    assert (await login.token(**redeem, code=code, code_verifier=VERIFIER))[0] == 400
    for change, error in (
        ({"code_verifier": "wrong"}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:9/other", "code_verifier": VERIFIER}, "redirect_uri_mismatch"),
    ):
        code = await code_for(login, code_challenge=CHALLENGE)
        status, body = await login.token(**{**redeem, "code": code, **change})
        assert (status, body["error"]) == (400, error)
    # Without PKCE the secret is needed.
    code = await code_for(login)
    assert (await login.token(**redeem, code=code))[1]["error"] == "invalid_client"
    code = await code_for(login)
    assert (await login.token(**{**redeem, **login.app, "code": code}))[0] == 200
    code = await code_for(login)
    login.org.clock.advance(timedelta(minutes=15))
    assert (await login.token(**{**redeem, **login.app, "code": code}))[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": "x"}, "invalid_client_id"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"redirect_uri": "nowhere"}, "redirect_uri_mismatch"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
async def test_a_wrong_link_to_the_login_page(login: Login, change: dict[str, str], error: str) -> None:
    form = {"response_type": "code", "client_id": login.app["client_id"], "redirect_uri": REDIRECT, **change}
    async with login.http.get(f"{login.url}/services/oauth2/authorize", params=form) as reply:
        assert (reply.status, (await reply.json())["error"]) == (400, error)


async def refreshable(login: Login) -> str:
    code = await code_for(login, code_challenge=CHALLENGE)
    form = {"grant_type": "authorization_code", "client_id": login.app["client_id"], "redirect_uri": REDIRECT}
    _, body = await login.token(**form, code=code, code_verifier=VERIFIER)
    return str(body["refresh_token"])


async def test_a_refresh_token_lasts_until_it_is_revoked(login: Login) -> None:
    refresh = {"grant_type": "refresh_token", "refresh_token": await refreshable(login)}
    for app in (login.app, {"client_id": login.app["client_id"]}):
        status, body = await login.token(**refresh, **app)
        assert (status, "refresh_token" in body) == (200, False)
        assert await login.works(body["access_token"])
    login.org.clock.advance(timedelta(days=300))
    status, body = await login.token(**refresh, **login.app)
    assert status == 200
    token = {"token": refresh["refresh_token"]}
    _, seen = await login.post("introspect", {**token, **login.app})
    assert (seen["active"], seen["token_type"], "exp" in seen) == (True, "refresh_token", False)
    async with login.http.post(f"{login.url}/services/oauth2/revoke", data=token) as reply:
        assert (reply.status, await reply.read()) == (200, b"")
    # Its sessions end with it.
    assert not await login.works(body["access_token"])
    assert await login.token(**refresh, **login.app) == (
        400,
        {"error": "invalid_grant", "error_description": "expired access/refresh token"},
    )


async def test_with_rotation_a_refresh_token_is_good_once(login: Login) -> None:
    login.org.app.rotate_refresh_tokens = True
    first = await refreshable(login)
    _, body = await login.token(grant_type="refresh_token", refresh_token=first, **login.app)
    second = str(body["refresh_token"])
    assert second != first
    assert (await login.token(grant_type="refresh_token", refresh_token=first, **login.app))[0] == 400
    assert await login.works(body["access_token"])
    assert (await login.token(grant_type="refresh_token", refresh_token=second, **login.app))[0] == 200


async def test_a_sixth_grant_ends_the_first(login: Login) -> None:
    first, *others = [await refreshable(login) for _ in range(6)]
    assert (await login.token(grant_type="refresh_token", refresh_token=first, **login.app))[0] == 400
    for token in others:
        assert (await login.token(grant_type="refresh_token", refresh_token=token, **login.app))[0] == 200


async def test_revoking_an_access_token_ends_its_session(login: Login) -> None:
    _, body = await login.token(grant_type="client_credentials", **login.app)
    place = f"{login.url}/services/oauth2/revoke"
    async with login.http.post(place, data={"token": str(body["access_token"])}) as reply:
        assert reply.status == 200
    assert not await login.works(body["access_token"])
    for form, error in (
        ({"token": str(body["access_token"])}, "unsupported_token_type"),
        ({}, "invalid_request"),
    ):
        async with login.http.post(place, data=form) as reply:
            assert (reply.status, reply.content_type) == (400, "application/x-www-form-urlencoded")
            assert parse_qs(await reply.text())["error"] == [error]


async def test_introspection(login: Login) -> None:
    _, body = await login.token(grant_type="client_credentials", **login.app)
    token = str(body["access_token"])
    login.org.clock.advance(timedelta(minutes=1))
    status, seen = await login.post("introspect", {"token": token, **login.app})
    now = int(login.org.clock.now().timestamp())
    assert (status, seen) == (
        200,
        {
            "active": True,
            "scope": "api",
            "client_id": login.app["client_id"],
            "username": login.person["username"],
            "sub": body["id"],
            "token_type": "access_token",
            "exp": now - 60 + 7_200,
            "iat": now - 60,
            "nbf": now - 60,
        },
    )
    # To look is not to use.
    login.org.clock.advance(timedelta(minutes=119))
    assert await login.post("introspect", {"token": token, **login.app}) == (200, {"active": False})
    status, error = await login.post("introspect", {"token": token, **login.app, "client_secret": "x"})
    assert (status, error["error"]) == (400, "invalid_client")


async def test_who_a_token_speaks_for(login: Login) -> None:
    _, body = await login.token(grant_type="client_credentials", **login.app)
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    async with login.http.get(f"{login.url}/services/oauth2/userinfo", headers=headers) as reply:
        info = await reply.json()
    assert (info["organization_id"], info["user_id"]) == (login.org.org_id, login.org.integration_user_id)
    assert (info["sub"], info["preferred_username"]) == (body["id"], login.person["username"])
    async with login.http.get(str(body["id"]), headers=headers) as reply:
        identity = await reply.json()
    assert (identity["id"], identity["username"]) == (body["id"], login.person["username"])
    assert identity["urls"]["rest"] == f"{login.url}/services/data/v{{version}}/"
    async with login.http.get(str(body["id"]), params={"oauth_token": str(body["access_token"])}) as reply:
        assert reply.status == 200
    for path, bad in (
        ("/services/oauth2/userinfo", {"Authorization": "Bearer x"}),
        (f"/id/{login.org.org_id}/{login.org.integration_user_id}", {}),
        (f"/id/{login.org.org_id}/{login.org.admin_id}", headers),
        (f"/id/00D000000000001AAA/{login.org.integration_user_id}", headers),
    ):
        async with login.http.get(login.url + path, headers=bad) as reply:
            assert reply.status == 403


async def test_what_is_no_form_is_refused(login: Login) -> None:
    place = f"{login.url}/services/oauth2/token"
    for options in (
        {"data": b"\xff\xfe", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"json": {"grant_type": "password"}},
        {"data": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        {"data": b"grant_type=password", "headers": {"Authorization": "Basic ***"}},
    ):
        async with login.http.post(place, **options) as reply:
            assert reply.status == 400
            assert set(await reply.json()) == {"error", "error_description"}

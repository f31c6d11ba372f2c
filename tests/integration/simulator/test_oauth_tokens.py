"""Logging in with a browser, and what becomes of tokens."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.fixtures.login import CHALLENGE, REDIRECT, VERIFIER, Login


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
    location = await login.decide("allow", **form)
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

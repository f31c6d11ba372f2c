"""The page on which a user sees what an app asks for, and says yes or no; and how long a yes holds."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from tests.fixtures.login import CHALLENGE, REDIRECT, VERIFIER, Login


def form_of(login: Login, **more: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": login.app["client_id"],
        "redirect_uri": REDIRECT,
        "scope": "api refresh_token",
        "state": "s1",
        "code_challenge": CHALLENGE,
        **more,
    }


def said(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


async def page_of(login: Login, **more: str) -> str:
    place = f"{login.url}/services/oauth2/authorize"
    async with login.http.post(place, data={**form_of(login, **more), **login.person}) as reply:
        assert reply.status == 200
        return await reply.text()


async def connected(login: Login, **more: str) -> dict[str, object]:
    """Go the whole way, and give the token reply."""
    code = said(await login.decide("allow", **form_of(login, **more)))["code"]
    status, body = await login.token(
        grant_type="authorization_code",
        client_id=login.app["client_id"],
        redirect_uri=REDIRECT,
        code=code,
        code_verifier=VERIFIER,
    )
    assert status == 200
    return body


async def refreshed(login: Login, token: object) -> tuple[int, dict[str, object]]:
    client_id = login.app["client_id"]
    return await login.token(grant_type="refresh_token", client_id=client_id, refresh_token=str(token))


async def test_the_page_shows_what_is_asked_for_and_who_answers(login: Login) -> None:
    page = await page_of(login)
    for shown in ("Manage user data via APIs", "Perform requests at any time", login.person["username"]):
        assert shown in page


async def test_a_denial_goes_back_to_the_app_without_a_code(login: Login) -> None:
    told = said(await login.decide("deny", **form_of(login)))
    assert (told["error"], told["state"], "code" in told) == ("access_denied", "s1", False)
    # Nothing was allowed: the next login is asked again.
    assert "Allow" in await page_of(login)


async def test_who_allowed_is_not_asked_again_for_the_same(login: Login) -> None:
    await login.decide("allow", **form_of(login))
    place = f"{login.url}/services/oauth2/authorize"
    async with login.http.post(
        place, data={**form_of(login), **login.person}, allow_redirects=False
    ) as reply:
        assert reply.status == 302
    assert "Allow" in await page_of(login, scope="api id")
    assert "Allow" in await page_of(login, prompt="consent")


async def test_a_page_is_answered_once_and_in_time(login: Login) -> None:
    page = await page_of(login)
    await login.answer(page, "allow")
    late = await page_of(login, prompt="consent")
    login.org.clock.advance(timedelta(minutes=15))
    for each in (page, late):
        ticket = each.partition('name="ticket" value="')[2].partition('"')[0]
        form = {"ticket": ticket, "decision": "allow"}
        place = f"{login.url}/setup/secur/RemoteAccessAuthorizationPage.apexp"
        async with login.http.post(place, data=form, allow_redirects=False) as reply:
            assert reply.status == 400


async def test_a_scope_nobody_has_is_told_to_the_app(login: Login) -> None:
    place = f"{login.url}/services/oauth2/authorize"
    form = form_of(login, scope="api everything")
    async with login.http.get(place, params=form, allow_redirects=False) as reply:
        assert said(reply.headers["Location"])["error"] == "invalid_scope"


async def test_codes_are_sent_to_known_places_only(login: Login) -> None:
    login.org.app.callback_urls = {REDIRECT}
    place = f"{login.url}/services/oauth2/authorize"
    for uri, status in ((REDIRECT, 200), (f"{REDIRECT}2", 400), ("https://evil.example/cb", 400)):
        async with login.http.get(
            place, params=form_of(login, redirect_uri=uri), allow_redirects=False
        ) as reply:
            assert (reply.status, "Location" in reply.headers) == (status, False)


async def test_a_refresh_token_that_is_not_used_dies_and_use_keeps_it(login: Login) -> None:
    login.org.sessions.refresh_idle = timedelta(days=30)
    token = (await connected(login))["refresh_token"]
    for _ in range(3):
        login.org.clock.advance(timedelta(days=29))
        assert (await refreshed(login, token))[0] == 200
    login.org.clock.advance(timedelta(days=30))
    status, body = await refreshed(login, token)
    assert (status, body["error_description"]) == (400, "expired access/refresh token")


async def test_a_sixth_grant_ends_the_first(login: Login) -> None:
    tokens = [(await connected(login))["refresh_token"] for _ in range(6)]
    assert [(await refreshed(login, each))[0] for each in tokens] == [400, 200, 200, 200, 200, 200]


async def test_a_rotated_token_is_good_once(login: Login) -> None:
    login.org.app.rotate_refresh_tokens = True
    first = (await connected(login))["refresh_token"]
    status, body = await refreshed(login, first)
    assert (status, body["refresh_token"] != first) == (200, True)
    assert (await refreshed(login, first))[0] == 400
    assert (await refreshed(login, body["refresh_token"]))[0] == 200

"""The front channel of the web server flow: a login page, then back to the app with a code.

Source: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration". A real org asks for consent
after the login; here the login is the consent.
"""

from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from connectors.salesforce.simulator.oauth.clients import check_client, form_of, user_by_password
from connectors.salesforce.simulator.oauth.codes import Codes
from connectors.salesforce.simulator.oauth.replies import OAuthError, json_error
from connectors.salesforce.simulator.org import Org

__all__ = ["routes"]

_PATH = "/services/oauth2/authorize"
_CARRIED = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)


def routes(org: Org, codes: Codes) -> list[web.RouteDef]:
    """Give the routes of the login page."""
    endpoint = _Endpoint(org, codes)
    return [web.get(_PATH, endpoint.show), web.post(_PATH, endpoint.submit)]


class _Endpoint:
    def __init__(self, org: Org, codes: Codes) -> None:
        self._org = org
        self._codes = codes

    async def show(self, http: web.Request) -> web.Response:
        """Answer the login page, or what is wrong with the link to it."""
        try:
            self._check(http.query)
        except OAuthError as error:
            return json_error(error)
        return _page(http.query, "")

    async def submit(self, http: web.Request) -> web.Response:
        """Answer a login: 302 to the app, or the page again."""
        try:
            form = await form_of(http)
            self._check(form)
        except OAuthError as error:
            return json_error(error)
        user = user_by_password(self._org, form.get("username", ""), form.get("password", ""))
        if user is None:
            return _page(form, "Please check your username and password.")
        code = self._codes.make(
            str(user["Id"]), form["redirect_uri"], form.get("scope") or "api", form.get("code_challenge", "")
        )
        given = {"code": code} | ({"state": form["state"]} if "state" in form else {})
        joint = "&" if urlsplit(form["redirect_uri"]).query else "?"
        return web.Response(
            status=302, headers={"Location": f"{form['redirect_uri']}{joint}{urlencode(given)}"}
        )

    def _check(self, form: Mapping[str, str]) -> None:
        check_client(self._org, {"client_id": form.get("client_id", "")})
        if form.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "response type not supported")
        if form.get("code_challenge_method", "S256") != "S256":
            raise OAuthError("invalid_request", "the code challenge method must be S256")
        parts = urlsplit(form.get("redirect_uri", ""))
        if not parts.scheme or not (parts.netloc or parts.path) or parts.fragment:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")


def _page(form: Mapping[str, str], warning: str) -> web.Response:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(form[name])}">'
        for name in _CARRIED
        if name in form
    )
    text = (
        "<!doctype html><title>Login | Simulated Salesforce</title><h1>Log in</h1>"
        f'<p id="error">{escape(warning)}</p><form method="post" action="{_PATH}">{hidden}'
        '<label>Username <input name="username" id="username" autocomplete="username"></label> '
        '<label>Password <input name="password" id="password" type="password"></label> '
        '<button id="Login">Log In</button></form>'
    )
    return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

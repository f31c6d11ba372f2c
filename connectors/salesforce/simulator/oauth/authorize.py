"""The front channel of the web server flow: who are you, do you allow it, then back to the app with a code.

Source: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration", "OAuth Authorization Errors".
A user who has allowed the app its scopes is not asked again, unless the app says `prompt=consent`.
"""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from connectors.salesforce.simulator.oauth.clients import check_client, form_of, user_by_password
from connectors.salesforce.simulator.oauth.codes import Codes
from connectors.salesforce.simulator.oauth.consent import SCOPES, Asked, Consents
from connectors.salesforce.simulator.oauth.front_pages import consent_page, login_page
from connectors.salesforce.simulator.oauth.replies import OAuthError, json_error
from connectors.salesforce.simulator.org import Org

__all__ = ["routes"]

_PATH = "/services/oauth2/authorize"
_CONSENT_PATH = "/setup/secur/RemoteAccessAuthorizationPage.apexp"
_CARRIED = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "prompt",
    "code_challenge",
    "code_challenge_method",
)


def routes(org: Org, codes: Codes) -> list[web.RouteDef]:
    """Give the routes of the login page and of the consent page."""
    endpoint = _Endpoint(org, codes)
    return [
        web.get(_PATH, endpoint.show),
        web.post(_PATH, endpoint.submit),
        web.post(_CONSENT_PATH, endpoint.decide),
    ]


class _Endpoint:
    def __init__(self, org: Org, codes: Codes) -> None:
        self._org = org
        self._codes = codes
        self._consents = Consents(org.clock)

    async def show(self, http: web.Request) -> web.Response:
        """Answer the login page, or what is wrong with the link to it."""
        try:
            self._check(http.query)
        except OAuthError as error:
            return json_error(error)
        if wrong := _wrong_scope(http.query):
            return _back(http.query, wrong)
        return login_page(_PATH, _carried(http.query), "")

    async def submit(self, http: web.Request) -> web.Response:
        """Answer a login: the consent page, 302 to the app, or the page again."""
        try:
            form = await form_of(http)
            self._check(form)
        except OAuthError as error:
            return json_error(error)
        if wrong := _wrong_scope(form):
            return _back(form, wrong)
        user = user_by_password(self._org, form.get("username", ""), form.get("password", ""))
        if user is None:
            return login_page(_PATH, _carried(form), "Please check your username and password.")
        asked = Asked(str(user["Id"]), _carried(form), frozenset((form.get("scope") or "api").split()))
        if (asked.user_id, asked.scopes) in self._org.app.approved and form.get("prompt") != "consent":
            return self._grant(asked)
        ticket = self._consents.ask(asked)
        return consent_page(_CONSENT_PATH, ticket, str(user["Username"]), asked.scopes)

    async def decide(self, http: web.Request) -> web.Response:
        """Answer a decision: 302 to the app, with a code or with the denial."""
        try:
            form = await form_of(http)
        except OAuthError as error:
            return json_error(error)
        asked = self._consents.take(form.get("ticket", ""))
        if asked is None:
            return json_error(OAuthError("invalid_request", "the page was answered already, or is too old"))
        if form.get("decision") != "allow":
            denied = {"error": "access_denied", "error_description": "end-user denied authorization"}
            return _back(asked.form, denied)
        self._org.app.approved.add((asked.user_id, asked.scopes))
        return self._grant(asked)

    def _grant(self, asked: Asked) -> web.Response:
        form = asked.form
        code = self._codes.make(
            asked.user_id, form["redirect_uri"], form.get("scope") or "api", form.get("code_challenge", "")
        )
        return _back(form, {"code": code})

    def _check(self, form: Mapping[str, str]) -> None:
        """Check what is told to the person, not to the app: whom the app's URL belongs to is in doubt."""
        check_client(self._org, {"client_id": form.get("client_id", "")})
        if form.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "response type not supported")
        if form.get("code_challenge_method", "S256") != "S256":
            raise OAuthError("invalid_request", "the code challenge method must be S256")
        uri = form.get("redirect_uri", "")
        parts, known = urlsplit(uri), self._org.app.callback_urls
        absolute = parts.scheme and (parts.netloc or parts.path) and not parts.fragment
        if not absolute or (known and uri not in known):
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")


def _wrong_scope(form: Mapping[str, str]) -> dict[str, str]:
    if set((form.get("scope") or "api").split()) <= set(SCOPES):
        return {}
    return {"error": "invalid_scope", "error_description": "the requested scope is not allowed"}


def _carried(form: Mapping[str, str]) -> dict[str, str]:
    return {name: form[name] for name in _CARRIED if name in form}


def _back(form: Mapping[str, str], given: Mapping[str, str]) -> web.Response:
    said = {**given} | ({"state": form["state"]} if "state" in form else {})
    joint = "&" if urlsplit(form["redirect_uri"]).query else "?"
    return web.Response(status=302, headers={"Location": f"{form['redirect_uri']}{joint}{urlencode(said)}"})

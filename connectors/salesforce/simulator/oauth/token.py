"""The token endpoint: five grants, one body. Source: Salesforce Help, "OAuth Authorization Flows"."""

from datetime import datetime

from aiohttp import web

from connectors.salesforce.simulator.oauth.assertion import asserted_user
from connectors.salesforce.simulator.oauth.clients import (
    check_client,
    check_secret,
    form_of,
    user_by_password,
)
from connectors.salesforce.simulator.oauth.codes import Codes, challenge_of
from connectors.salesforce.simulator.oauth.identity import identity_url
from connectors.salesforce.simulator.oauth.replies import OAuthError, json_error, json_reply, signature
from connectors.salesforce.simulator.org import Org

__all__ = ["routes"]

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LOGIN_HOSTS = frozenset(["login.salesforce.com", "test.salesforce.com"])
_REFRESH_SCOPES = frozenset(["refresh_token", "offline_access"])
_DEAD = "expired access/refresh token"
_SCOPE = "api"

_Form = dict[str, str]
_Body = dict[str, object]


def routes(org: Org, codes: Codes) -> list[web.RouteDef]:
    """Give the route of the token endpoint."""
    return [web.post("/services/oauth2/token", _Endpoint(org, codes).handle)]


class _Endpoint:
    def __init__(self, org: Org, codes: Codes) -> None:
        self._org = org
        self._codes = codes
        self._grants = {
            "client_credentials": self._client_credentials,
            "password": self._password,
            "refresh_token": self._refresh,
            "authorization_code": self._code,
            _JWT_BEARER: self._assertion,
        }

    async def handle(self, http: web.Request) -> web.Response:
        """Answer `POST /services/oauth2/token`."""
        try:
            form = await form_of(http)
            return json_reply(self._grant(form, host=http.host.partition(":")[0]))
        except OAuthError as error:
            return json_error(error)

    def _grant(self, form: _Form, host: str) -> _Body:
        grant = self._grants.get(form.get("grant_type", ""))
        if grant is None:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        if grant == self._client_credentials and host in _LOGIN_HOSTS:
            raise OAuthError("invalid_grant", "request not supported on this domain")
        return grant(form)

    def _client_credentials(self, form: _Form) -> _Body:
        check_client(self._org, form)
        check_secret(self._org, form)
        return self._body(self._org.app.run_as, _SCOPE)

    def _password(self, form: _Form) -> _Body:
        check_client(self._org, form)
        check_secret(self._org, form)
        user = user_by_password(self._org, form.get("username", ""), form.get("password", ""))
        if user is None:
            raise OAuthError("invalid_grant", "authentication failure")
        return self._body(str(user["Id"]), _SCOPE)

    def _assertion(self, form: _Form) -> _Body:
        return self._body(asserted_user(self._org, form.get("assertion", "")), _SCOPE)

    def _refresh(self, form: _Form) -> _Body:
        check_client(self._org, form)
        grant = self._org.sessions.refresh_token(form.get("refresh_token", ""))
        if grant is None or grant.client_id != self._org.app.client_id:
            raise OAuthError("invalid_grant", _DEAD)
        grant.used_at = self._org.clock.now()
        body = self._body(grant.user_id, grant.scope)
        if self._org.app.rotate_refresh_tokens:
            body["refresh_token"] = self._org.sessions.rotate_refresh_token(grant).token
        return body

    def _code(self, form: _Form) -> _Body:
        check_client(self._org, form)
        code = self._codes.redeem(form.get("code", ""))
        if code is None:
            raise OAuthError("invalid_grant", "expired authorization code")
        if form.get("redirect_uri", "") != code.redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if code.challenge and challenge_of(form.get("code_verifier", "")) != code.challenge:
            raise OAuthError("invalid_grant", "invalid code verifier")
        if not code.challenge:
            check_secret(self._org, form)
        body = self._body(code.user_id, code.scope)
        if _REFRESH_SCOPES & set(code.scope.split()):
            grant = self._org.sessions.issue_refresh_token(code.user_id, self._org.app.client_id, code.scope)
            body["refresh_token"] = grant.token
        return body

    def _body(self, user_id: str, scope: str) -> _Body:
        """Begin a session and give its body. It never says when the session ends."""
        org = self._org
        session = org.sessions.issue(user_id, org.app.client_id, scope)
        issued_at = _milliseconds(session.issued_at)
        identity = identity_url(org, user_id)
        return {
            "access_token": session.token,
            "signature": signature(org.app.client_secret, identity, issued_at),
            "scope": scope,
            "instance_url": org.instance_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }


def _milliseconds(moment: datetime) -> str:
    return str(round(moment.timestamp() * 1000))

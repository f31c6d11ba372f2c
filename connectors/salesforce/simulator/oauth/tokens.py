"""What becomes of tokens: revoked, or looked into.

Source: RFC 7009, RFC 7662 and Salesforce Help, "Revoke OAuth Tokens", "OpenID Connect Token Introspection".
"""

from aiohttp import web

from connectors.salesforce.simulator.oauth.clients import check_client, check_secret, form_of
from connectors.salesforce.simulator.oauth.identity import identity_url
from connectors.salesforce.simulator.oauth.replies import OAuthError, form_error, json_error, json_reply
from connectors.salesforce.simulator.org import Org

__all__ = ["routes"]


def routes(org: Org) -> list[web.RouteDef]:
    """Give the routes of revocation and introspection."""
    endpoint = _Endpoint(org)
    return [
        web.post("/services/oauth2/revoke", endpoint.revoke),
        web.get("/services/oauth2/revoke", endpoint.revoke),
        web.post("/services/oauth2/introspect", endpoint.introspect),
    ]


class _Endpoint:
    def __init__(self, org: Org) -> None:
        self._org = org

    async def revoke(self, http: web.Request) -> web.Response:
        """Answer 200 without a body, or a form-encoded error."""
        try:
            self._end((await form_of(http)).get("token", ""))
        except OAuthError as error:
            return form_error(error)
        return web.Response(status=200)

    def _end(self, token: str) -> None:
        if not token:
            raise OAuthError("invalid_request", "missing required parameter: token")
        sessions = self._org.sessions
        if not (sessions.revoke(token) or sessions.revoke_refresh_token(token)):
            raise OAuthError("unsupported_token_type", "this token type is not supported")

    async def introspect(self, http: web.Request) -> web.Response:
        """Answer what a token is worth, to the app that it was issued to."""
        try:
            form = await form_of(http)
            check_client(self._org, form)
            check_secret(self._org, form)
        except OAuthError as error:
            return json_error(error)
        return json_reply(self._looked_into(form.get("token", "")))

    def _looked_into(self, token: str) -> dict[str, object]:
        org = self._org
        session = org.sessions.lookup(token, touch=False)
        grant = session or org.sessions.refresh_token(token)
        if grant is None or grant.client_id != org.app.client_id:
            return {"active": False}
        issued = round(grant.issued_at.timestamp())
        known = {
            "active": True,
            "scope": grant.scope,
            "client_id": grant.client_id,
            "username": (org.get("User", grant.user_id) or {}).get("Username"),
            "sub": identity_url(org, grant.user_id),
            "token_type": "refresh_token" if session is None else "access_token",
            "iat": issued,
            "nbf": issued,
        }
        if session is not None:
            known["exp"] = round((session.used_at + org.sessions.timeout).timestamp())
        return known

"""Who a token speaks for: `/id/{org}/{user}` and `/services/oauth2/userinfo`.

Source: Salesforce Help, "Identity URLs", "The UserInfo Endpoint".
"""

from aiohttp import web

from connectors.salesforce.simulator.oauth.replies import json_reply
from connectors.salesforce.simulator.objects.types import Row
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.rest.render import printed

__all__ = ["identity_url", "routes"]

_TIME_ZONE = "GMT"


def identity_url(org: Org, user_id: str) -> str:
    """Give the identity URL of a user."""
    return f"{org.login_url}/id/{org.org_id}/{user_id}"


def routes(org: Org) -> list[web.RouteDef]:
    """Give the routes of the identity service."""
    endpoint = _Endpoint(org)
    return [
        web.get("/id/{org}/{user}", endpoint.identity),
        web.get("/services/oauth2/userinfo", endpoint.userinfo),
        web.post("/services/oauth2/userinfo", endpoint.userinfo),
    ]


class _Endpoint:
    def __init__(self, org: Org) -> None:
        self._org = org

    async def userinfo(self, http: web.Request) -> web.Response:
        """Answer the OpenID claims of the caller."""
        user = self._caller(http)
        return _refused("Bad_OAuth_Token") if user is None else json_reply(_claims(self._org, user))

    async def identity(self, http: web.Request) -> web.Response:
        """Answer the identity of a user, to that user."""
        user = self._caller(http)
        if user is None:
            return _refused("Bad_OAuth_Token" if _token(http) else "Missing_OAuth_Token")
        if http.match_info["org"][:15] != self._org.org_id[:15]:
            return _refused("Wrong_Org")
        if http.match_info["user"][:15] != str(user["Id"])[:15]:
            return _refused("Bad_Id")
        return json_reply(_identity(self._org, user))

    def _caller(self, http: web.Request) -> Row | None:
        session = self._org.sessions.lookup(_token(http))
        return None if session is None else self._org.get("User", session.user_id)


def _token(http: web.Request) -> str:
    kind, _, token = http.headers.get("Authorization", "").partition(" ")
    if kind.lower() in {"bearer", "oauth"}:
        return token.strip()
    return http.query.get("oauth_token") or http.query.get("access_token") or ""


def _refused(reason: str) -> web.Response:
    return web.Response(text=reason, status=403, content_type="text/html")


def _urls(org: Org, user_id: str) -> dict[str, str]:
    base = org.instance_url
    data, soap, org15 = f"{base}/services/data/v{{version}}", f"{base}/services/Soap", org.org_id[:15]
    return {
        "enterprise": f"{soap}/c/{{version}}/{org15}",
        "metadata": f"{soap}/m/{{version}}/{org15}",
        "partner": f"{soap}/u/{{version}}/{org15}",
        "rest": f"{data}/",
        "sobjects": f"{data}/sobjects/",
        "search": f"{data}/search/",
        "query": f"{data}/query/",
        "recent": f"{data}/recent/",
        "tooling_soap": f"{soap}/T/{{version}}/{org15}",
        "tooling_rest": f"{data}/tooling/",
        "profile": f"{base}/{user_id}",
        "feeds": f"{data}/chatter/feeds",
        "custom_domain": base,
    }


def _photos(org: Org) -> dict[str, str]:
    return {
        "picture": f"{org.instance_url}/profilephoto/005/F",
        "thumbnail": f"{org.instance_url}/profilephoto/005/T",
    }


def _claims(org: Org, user: Row) -> dict[str, object]:
    user_id = str(user["Id"])
    return {
        "sub": identity_url(org, user_id),
        "user_id": user_id,
        "organization_id": org.org_id,
        "preferred_username": user["Username"],
        "nickname": user.get("Alias"),
        "name": user.get("Name"),
        "email": user.get("Email"),
        "email_verified": True,
        "given_name": user.get("FirstName"),
        "family_name": user.get("LastName"),
        "zoneinfo": _TIME_ZONE,
        "photos": _photos(org),
        "profile": f"{org.instance_url}/{user_id}",
        "picture": _photos(org)["picture"],
        "address": {},
        "urls": _urls(org, user_id),
        "active": bool(user.get("IsActive")),
        "user_type": "STANDARD",
        "language": user.get("LanguageLocaleKey"),
        "locale": user.get("LocaleSidKey"),
        "utcOffset": 0,
        "updated_at": printed(user.get("LastModifiedDate")),
    }


def _identity(org: Org, user: Row) -> dict[str, object]:
    user_id = str(user["Id"])
    return {
        "id": identity_url(org, user_id),
        "asserted_user": True,
        "user_id": user_id,
        "organization_id": org.org_id,
        "username": user["Username"],
        "nick_name": user.get("Alias"),
        "display_name": user.get("Name"),
        "email": user.get("Email"),
        "email_verified": True,
        "first_name": user.get("FirstName"),
        "last_name": user.get("LastName"),
        "timezone": _TIME_ZONE,
        "photos": _photos(org),
        "addr_street": None,
        "addr_city": None,
        "addr_state": None,
        "addr_country": None,
        "addr_zip": None,
        "mobile_phone": None,
        "mobile_phone_verified": False,
        "is_lightning_login_user": False,
        "status": {"created_date": None, "body": None},
        "urls": _urls(org, user_id),
        "active": bool(user.get("IsActive")),
        "user_type": "STANDARD",
        "language": user.get("LanguageLocaleKey"),
        "locale": user.get("LocaleSidKey"),
        "utcOffset": 0,
        "last_modified_date": printed(user.get("LastModifiedDate")),
        "is_app_installed": True,
    }

"""SOAP `login()` and `logout()` of the partner API: how older clients log in with a password.

There up to v64.0 and not after. Source: SOAP API Developer Guide, "login()", "SOAP API End-of-Life Policy".
"""

from aiohttp import web

from connectors.salesforce.simulator.oauth import envelope
from connectors.salesforce.simulator.oauth.clients import user_by_password
from connectors.salesforce.simulator.objects.types import Row
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.rest.versions import OLDEST

__all__ = ["routes"]

_NEWEST = 64
_LARGEST = 65_536
_BAD_LOGIN = "Invalid username, password, security token; or user locked out."


def routes(org: Org) -> list[web.RouteDef]:
    """Give the routes of the partner API; clients append the org's id to its path, or do not."""
    handle = _Endpoint(org).handle
    return [
        web.post("/services/Soap/u/{version}", handle),
        web.post("/services/Soap/u/{version}/{org:.*}", handle),
    ]


class _Endpoint:
    def __init__(self, org: Org) -> None:
        self._org = org

    async def handle(self, http: web.Request) -> web.Response:
        """Answer an envelope with an envelope: 200, or 500 with a fault."""
        version = http.match_info["version"]
        body = await http.content.read(_LARGEST + 1)
        while len(body) <= _LARGEST and (more := await http.content.read(_LARGEST + 1)):
            body += more
        if len(body) > _LARGEST:
            return _fault("EXCEEDED_MAX_SIZE_REQUEST", "the request is too large")
        try:
            call = envelope.read(body)
        except envelope.BadEnvelopeError as error:
            return _fault("INVALID_SOAP_BODY", str(error))
        number, _, minor = version.partition(".")
        known = number.isascii() and number.isdecimal() and minor in {"", "0"} and len(number) <= len("64")
        if not known or not OLDEST <= int(number) <= _NEWEST:
            return _fault(
                "UNSUPPORTED_API_VERSION",
                f"SOAP login() is there in {OLDEST}.0 to {_NEWEST}.0, not in {version[:20]}; log in by OAuth",
            )
        if call.operation == "login":
            return self._login(f"{number}.0", call)
        if call.operation == "logout":
            return self._logout(call)
        return _fault("INVALID_OPERATION", f"No operation available for request {call.operation[:100]}")

    def _login(self, version: str, call: envelope.Call) -> web.Response:
        arguments = call.arguments
        user = user_by_password(self._org, arguments.get("username", ""), arguments.get("password", ""))
        if user is None:
            return _fault("INVALID_LOGIN", _BAD_LOGIN)
        org = self._org
        session = org.sessions.issue(str(user["Id"]), "", "api")
        place = f"{version}/{org.org_id[:15]}"
        result = {
            "metadataServerUrl": f"{org.instance_url}/services/Soap/m/{place}",
            "passwordExpired": "false",
            "sandbox": "false",
            "serverUrl": f"{org.instance_url}/services/Soap/u/{place}",
            "sessionId": session.token,
            "userId": str(user["Id"]),
        }
        timeout = round(org.sessions.timeout.total_seconds())
        return _reply(envelope.logged_in(result, _user_info(org, user, timeout)))

    def _logout(self, call: envelope.Call) -> web.Response:
        if not self._org.sessions.revoke(call.session):
            return _fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")
        return _reply(envelope.logged_out())


def _user_info(org: Org, user: Row, timeout: int) -> dict[str, str]:
    company = org.get("Organization", org.org_id) or {}
    return {
        "currencySymbol": "$",
        "organizationId": org.org_id,
        "organizationMultiCurrency": "false",
        "organizationName": str(company.get("Name", "")),
        "sessionSecondsValid": str(timeout),
        "userDefaultCurrencyIsoCode": "",
        "userEmail": str(user.get("Email", "")),
        "userFullName": str(user.get("Name", "")),
        "userId": str(user["Id"]),
        "userLanguage": str(user.get("LanguageLocaleKey", "")),
        "userLocale": str(user.get("LocaleSidKey", "")),
        "userName": str(user["Username"]),
        "userTimeZone": str(user.get("TimeZoneSidKey", "")),
        "userType": "Standard",
        "userUiSkin": "Theme3",
    }


def _fault(code: str, message: str) -> web.Response:
    return _reply(envelope.fault(code, message), 500)


def _reply(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/xml", charset="utf-8")

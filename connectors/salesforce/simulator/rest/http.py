"""The REST API on HTTP: who asks, may they, what do they want, and the answer as bytes.

Every answer but that to an unknown caller carries `Sforce-Limit-Info`; every request of a known caller is
charged one API call, whatever it does. Source: REST API Developer Guide, "Headers", "Status Codes and Error
Responses"; sizes from "API Request Limits and Allocations".
"""

import base64
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import orjson
from aiohttp import BodyPartReader, web

from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.rest.api import Api
from connectors.salesforce.simulator.rest.call import Caller, Request
from connectors.salesforce.simulator.rest.reply import ApiError, Reply
from connectors.salesforce.simulator.rest.versions import checked_version, versions

__all__ = ["SERVER_OPTIONS", "routes"]

_MOST_URI = 16_384
SERVER_OPTIONS: Mapping[str, int] = MappingProxyType({"max_line_size": 131_072, "max_field_size": 131_072})
"""What the server's parser must let through, so that the answer to a longer URI is ours: 414, or 431."""

_CLIENT = re.compile(r"client\s*=\s*([^,;\s]+)", re.IGNORECASE)
_OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method")


def routes(org: Org) -> list[web.RouteDef]:
    """Give the routes of the REST API of an org."""
    endpoint = _Endpoint(org)
    return [
        web.route("*", "/services/data", endpoint.listed),
        web.route("*", "/services/data/", endpoint.listed),
        web.route("*", "/services/data/{version}", endpoint.handle),
        web.route("*", "/services/data/{version}/{path:.*}", endpoint.handle),
    ]


class _Endpoint:
    def __init__(self, org: Org) -> None:
        self._org = org
        self._api = Api(org)

    async def listed(self, http: web.Request) -> web.Response:
        """Answer the list of versions, which anyone may read and nobody pays for."""
        if http.method not in {"GET", "HEAD"}:
            message = f"HTTP Method '{http.method}' not allowed. Allowed are GET,HEAD"
            return self._response(http, ApiError(405, "METHOD_NOT_ALLOWED", message).reply())
        return self._response(http, versions())

    async def handle(self, http: web.Request) -> web.Response:
        """Answer a request to a resource."""
        too_long = _too_long(http)
        if too_long is not None:
            return too_long
        try:
            body = await _body(http)
            reply = self._answer(http, body)
        except ApiError as error:
            reply = error.reply()
        return self._response(http, reply)

    def _answer(self, http: web.Request, body: bytes) -> Reply:
        version = checked_version(http.match_info["version"])
        caller = self._caller(http)
        if not self._org.limits.charge_call():
            raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        # Still encoded, so that a slash in an external id is no separator: "", services, data, version, rest.
        path = http.rel_url.raw_path.split("/", 4)[4:]
        request = Request(
            caller=caller,
            method=_method(http),
            version=version,
            path=path[0] if path else "",
            query=http.query,
            headers={name.lower(): value for name, value in http.headers.items()},
            body=body,
        )
        return self._api.dispatch(request)

    def _caller(self, http: web.Request) -> Caller:
        kind, _, token = http.headers.get("Authorization", "").partition(" ")
        session = self._org.sessions.lookup(token.strip()) if kind.lower() in {"bearer", "oauth"} else None
        if session is None:
            raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
        match = _CLIENT.search(http.headers.get("Sforce-Call-Options", ""))
        return Caller(session.user_id, match[1] if match else "")

    def _response(self, http: web.Request, reply: Reply) -> web.Response:
        limits = self._org.limits
        headers = dict(reply.headers)
        if reply.status != web.HTTPUnauthorized.status_code:
            headers["Sforce-Limit-Info"] = f"api-usage={limits.api_calls.used}/{limits.max_api_calls}"
        else:
            headers["WWW-Authenticate"] = "Token"
        if reply.body is None:
            return web.Response(status=reply.status, headers=headers)
        headers["Content-Type"] = reply.content_type
        pretty = http.headers.get("X-PrettyPrint") in {"1", "true"}
        response = web.Response(
            body=_encoded(reply.body, pretty=pretty), status=reply.status, headers=headers
        )
        if "gzip" in http.headers.get("Accept-Encoding", "").lower():
            response.enable_compression(web.ContentCoding.gzip)
        return response


def _encoded(body: Any, *, pretty: bool) -> bytes:
    if isinstance(body, bytes):
        return body
    return orjson.dumps(body, option=orjson.OPT_INDENT_2 if pretty else None)


def _too_long(http: web.Request) -> web.Response | None:
    uri = len(http.raw_path)
    if uri > _MOST_URI:
        return web.Response(text="<h1>Bad Message 414</h1>", status=414, content_type="text/html")
    headers = sum(len(name) + len(value) + 4 for name, value in http.raw_headers)
    if uri + headers > _MOST_URI:
        return web.Response(text="<h1>Bad Message 431</h1>", status=431, content_type="text/html")
    return None


def _method(http: web.Request) -> str:
    if http.method != "POST":
        return http.method
    named = http.query.get("_HttpMethod") or next(
        (http.headers[name] for name in _OVERRIDES if name in http.headers), "POST"
    )
    return named.upper()


async def _body(http: web.Request) -> bytes:
    try:
        if http.content_type == "multipart/form-data":
            return await _from_parts(http)
        body = await http.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise ApiError(413, "REQUEST_ENTITY_TOO_LARGE", "The request body is too large") from error
    except ValueError as error:
        raise ApiError(400, "INVALID_MULTIPART_REQUEST", str(error)[:200]) from error
    # A client that names no type means JSON.
    if body and "Content-Type" in http.headers and http.content_type != "application/json":
        raise ApiError(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            f"Content-Type header specified in HTTP request is not supported: {http.content_type}",
        )
    return body


async def _from_parts(http: web.Request) -> bytes:
    """Make of a JSON part and binary parts the JSON body that they mean, blobs in base64."""
    document: dict[str, Any] = {}
    reader = await http.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):
            raise ApiError(400, "INVALID_MULTIPART_REQUEST", "parts cannot have parts")
        content = bytes(await part.read(decode=True))
        if part.headers.get("Content-Type", "").startswith("application/json"):
            try:
                fields = orjson.loads(content)
            except orjson.JSONDecodeError as error:
                raise ApiError(400, "JSON_PARSER_ERROR", str(error)) from error
            document |= fields if isinstance(fields, dict) else {}
        elif part.name:
            document[part.name] = base64.b64encode(content).decode()
    return orjson.dumps(document)

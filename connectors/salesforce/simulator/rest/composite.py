"""Up to 25 requests in one call, each able to use what earlier ones answered.

Source: REST API Developer Guide, "Composite", "Composite Request Body", "allOrNone".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from connectors.salesforce.simulator.changes import api_origin
from connectors.salesforce.simulator.rest.call import Request, split_url
from connectors.salesforce.simulator.rest.context import Context
from connectors.salesforce.simulator.rest.references import NoValueError, resolve
from connectors.salesforce.simulator.rest.reply import ApiError, Reply
from connectors.salesforce.simulator.rest.versions import checked_version
from connectors.salesforce.simulator.transaction import Transaction

__all__ = ["composite"]

_MOST = 25
_MOST_READS = 5
_ERROR = 400
_METHODS = frozenset(["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"])
_REFERENCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*", re.ASCII)
_PLACE = re.compile(r"/services/data/(v[^/?]{1,10})(/.*)", re.DOTALL)
_COUNTED = re.compile(r"/services/data/v[^/]+/(query|queryAll|composite/sobjects)(?![A-Za-z])")
_BLOB = re.compile(r"/(VersionData|Content|Body)/?$", re.IGNORECASE)
_HALTED = [
    {
        "errorCode": "PROCESSING_HALTED",
        "message": (
            "The transaction was rolled back since another operation in the same transaction failed."
        ),
    }
]


@dataclass(frozen=True, slots=True)
class _Part:
    """One subrequest as it was sent."""

    method: str
    url: str
    reference_id: str
    body: Any
    headers: dict[str, str]


class _HaltedError(Exception):
    """Ends a transaction one part of which failed."""


def composite(context: Context, request: Request) -> Reply:
    """Answer `POST composite`: 200 with a reply for each part, whatever became of them."""
    document = request.fields()
    parts = _parts(document)
    if document.get("allOrNone") is True:
        return Reply({"compositeResponse": _together(context, request, parts)})
    answers: dict[str, Any] = {}
    return Reply({"compositeResponse": [_one(context, request, part, answers) for part in parts]})


def _together(context: Context, request: Request, parts: Sequence[_Part]) -> list[dict[str, Any]]:
    answers: dict[str, Any] = {}
    done: list[dict[str, Any]] = []
    origin = api_origin(request.version, request.caller.client or None)
    try:
        with context.org.transaction(request.caller.user_id, origin) as transaction:
            for part in parts:
                done.append(_one(context, request, part, answers, transaction))
                _go_on_after(done[-1])
    except _HaltedError:
        failed = len(done) - 1
        return [
            done[failed] if place == failed else _answer(part, _HALTED, _ERROR)
            for place, part in enumerate(parts)
        ]
    return done


def _go_on_after(answer: dict[str, Any]) -> None:
    if answer["httpStatusCode"] >= _ERROR:
        raise _HaltedError


def _one(
    context: Context,
    request: Request,
    part: _Part,
    answers: dict[str, Any],
    transaction: Transaction | None = None,
) -> dict[str, Any]:
    try:
        url, body = resolve(part.url, answers), resolve(part.body, answers)
    except NoValueError as error:
        return _answer(part, [{"errorCode": "PROCESSING_HALTED", "message": str(error)}], _ERROR)
    try:
        reply = context.dispatch(_subrequest(request, part, str(url), body, transaction))
    except ApiError as error:
        reply = error.reply()
    if reply.status < _ERROR:
        answers[part.reference_id] = reply.body
    location = {name: value for name, value in reply.headers.items() if name == "Location"}
    return _answer(part, reply.body, reply.status, location)


def _subrequest(
    request: Request, part: _Part, url: str, body: Any, transaction: Transaction | None
) -> Request:
    match = _PLACE.fullmatch(url)
    if match is None:
        raise ApiError(
            400, "INVALID_URL", f"The url of a subrequest begins with /services/data/vXX.X/: {url[:100]}"
        )
    version = checked_version(match[1])
    path, query = split_url(match[2])
    if _BLOB.search(path) or path.strip("/") == "composite":
        raise ApiError(
            400, "INVALID_OPERATION", f"This resource is not allowed in a composite request: {path}"
        )
    return replace(
        request,
        method=part.method,
        version=version,
        path=path,
        query=query,
        headers=part.headers,
        body=b"" if body is None else orjson.dumps(body),
        transaction=transaction,
    )


def _answer(part: _Part, body: Any, status: int, headers: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "body": body,
        "httpHeaders": headers or {},
        "httpStatusCode": status,
        "referenceId": part.reference_id,
    }


def _parts(document: dict[str, Any]) -> list[_Part]:
    listed = document.get("compositeRequest")
    if not isinstance(listed, list) or not listed:
        raise ApiError(400, "MISSING_ARGUMENT", "The request body must have a list named compositeRequest")
    if len(listed) > _MOST:
        raise ApiError(
            400,
            "LIMIT_EXCEEDED",
            f"A composite request has at most {_MOST} subrequests, this one {len(listed)}",
        )
    parts = [_part(item) for item in listed]
    seen = {part.reference_id for part in parts}
    if len(seen) < len(parts):
        raise ApiError(400, "INVALID_INPUT", "The referenceId of each subrequest must be unique")
    reads = sum(1 for part in parts if _COUNTED.match(part.url))
    if reads > _MOST_READS:
        raise ApiError(
            400,
            "LIMIT_EXCEEDED",
            f"At most {_MOST_READS} subrequests can be query, queryAll or sObject Collections, here {reads}",
        )
    return parts


def _part(item: Any) -> _Part:
    if not isinstance(item, dict):
        raise ApiError(400, "JSON_PARSER_ERROR", "Each subrequest is an object")
    method, url, reference_id = (item.get(name) for name in ("method", "url", "referenceId"))
    if not isinstance(method, str) or method not in _METHODS:
        raise ApiError(400, "INVALID_INPUT", f"Unknown method of a subrequest: {str(method)[:20]}")
    if not isinstance(url, str):
        raise ApiError(400, "INVALID_INPUT", "Each subrequest has a url")
    if not isinstance(reference_id, str) or not _REFERENCE_ID.fullmatch(reference_id):
        raise ApiError(
            400,
            "INVALID_INPUT",
            f"Provided referenceId ('{str(reference_id)[:100]}') must start with a letter or a number, "
            "and it can contain only letters, numbers and underscores ('_').",
        )
    headers = item.get("httpHeaders")
    named = headers.items() if isinstance(headers, dict) else ()
    return _Part(method, url, reference_id, item.get("body"), {k.lower(): str(v) for k, v in named})

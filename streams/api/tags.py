"""Entity tags: what a client saw, so that it neither fetches nor overwrites what it does not know."""

from typing import Any

from fastapi import Request, Response

_MOST = 20


def _header(name: str, description: str) -> dict[str, Any]:
    parameter = {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
    return {"parameters": [{**parameter, "description": description}]}


KEPT: dict[str, Any] = {
    "responses": {304: {"description": "The client has it already."}},
    "openapi_extra": _header("If-None-Match", "The entity tag of what the client has."),
}
"""What the document says of a route whose answer a client may keep."""
MATCHED: dict[str, Any] = {
    "openapi_extra": _header("If-Match", "The entity tag of what somebody looked at; else 412.")
}
"""What it says of a route that changes nothing but what somebody looked at."""


def tag(text: str) -> str:
    """Give a strong entity tag (RFC 9110 8.8.3)."""
    return f'"{text}"'


def is_known(request: Request, current: str) -> bool:
    """Whether `If-None-Match` says that the client has this already."""
    return _matches(request.headers.get("if-none-match", ""), current)


def may_change(request: Request, current: str) -> bool:
    """Whether `If-Match`, where it is sent, names what is there now."""
    wanted = request.headers.get("if-match")
    return wanted is None or _matches(wanted, current, weak=False)


def unchanged(current: str) -> Response:
    """Say that the client has it already."""
    return Response(status_code=304, headers=tagged(current))


def tagged(current: str) -> dict[str, str]:
    """Give the headers of a reply that may be kept, if it is asked about each time."""
    return {"ETag": current, "Cache-Control": "private, no-cache"}


def _matches(header: str, current: str, *, weak: bool = True) -> bool:
    named = [each.strip() for each in header.split(",")[:_MOST]]
    return "*" in named or current in (each.removeprefix("W/") if weak else each for each in named)

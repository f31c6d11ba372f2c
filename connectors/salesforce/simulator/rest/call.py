"""One request as a resource sees it: who asks, for what, with which arguments, options and body."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from connectors.salesforce.simulator.rest.reply import ApiError
from connectors.salesforce.simulator.transaction import Transaction

__all__ = ["Caller", "Request", "split_url"]

_MAX_DEPTH = 60
_PLACE = re.compile(r": line (\d+) column (\d+)")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the session's user, and the client name it gave in `Sforce-Call-Options`."""

    user_id: str
    client: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A request to one resource. `path` starts after the version, `version` is such as `66.0`."""

    caller: Caller
    method: str
    version: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    arguments: Mapping[str, str] = field(default_factory=dict)
    transaction: Transaction | None = None
    """The transaction of the composite request that this one is part of, if all of it is one."""

    @property
    def base(self) -> str:
        """The path of this version of the API: `/services/data/v66.0`, with the Tooling API's below it."""
        api = "/tooling" if self.path.startswith("tooling/") else ""
        return f"/services/data/v{self.version}{api}"

    def at(self, arguments: Mapping[str, str]) -> "Request":
        """Give this request with the parts of its path that the resource names."""
        return replace(self, arguments=arguments)

    def document(self) -> Any:
        """Read the body as JSON. Raises `ApiError` (JSON_PARSER_ERROR)."""
        try:
            document = orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            line, column = next(iter(_PLACE.findall(str(error))), ("1", "1"))
            reason = str(error).partition(": line ")[0]
            raise ApiError(400, "JSON_PARSER_ERROR", f"{reason} at [line:{line}, column:{column}]") from None
        _check_depth(document)
        return document

    def fields(self) -> dict[str, Any]:
        """Read the body as one JSON object. Raises `ApiError`."""
        document = self.document()
        if not isinstance(document, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "Expected an object at [line:1, column:1]")
        return document


def _check_depth(document: Any) -> None:
    level = [document]
    for _ in range(_MAX_DEPTH):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise ApiError(400, "JSON_PARSER_ERROR", f"More than {_MAX_DEPTH} levels at [line:1, column:1]")


def split_url(url: str) -> tuple[str, dict[str, str]]:
    """Split a URL below the host into its (still encoded) path and its decoded query."""
    parts = urlsplit(url)
    return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))

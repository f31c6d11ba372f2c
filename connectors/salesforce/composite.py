"""Several reads in one call. Source: REST API Developer Guide, "Composite"."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from connectors.salesforce.rest import RestClient
from connectors.salesforce.rest_errors import codes_of, rest_error
from schemas.errors import RefusedError, UnavailableError

__all__ = ["MOST_PARTS", "MOST_QUERIES", "FailedPart", "query_path", "read_together"]

MOST_PARTS = 25
MOST_QUERIES = 5


@dataclass(frozen=True, slots=True)
class FailedPart:
    """One read of several that was not answered, and the codes that say why."""

    error: RefusedError | UnavailableError
    codes: frozenset[str] = frozenset()


def query_path(soql: str) -> str:
    """Give the path of a query, below the version."""
    return f"query?q={quote(soql, safe='')}"


async def read_together(rest: RestClient, paths: Sequence[str]) -> list[Any | FailedPart]:
    """Read up to 25 paths (5 of them queries) in one API call; each answers in its place.

    Raises `UnavailableError` or `RefusedError` where the call as a whole failed.
    """
    parts = [
        {"method": "GET", "referenceId": f"r{number}", "url": f"{rest.base}{path}"}
        for number, path in enumerate(paths)
    ]
    body = {"allOrNone": False, "compositeRequest": parts}
    answer = await rest.call("POST", "composite", json=body, repeatable=True)
    answers = answer.get("compositeResponse") if isinstance(answer, dict) else None
    if not isinstance(answers, list) or len(answers) != len(parts):
        raise UnavailableError("Salesforce answers a composite call with other parts", on="POST composite")
    return [_part(found, path) for found, path in zip(answers, paths, strict=True)]


def _part(answer: Any, path: str) -> Any | FailedPart:
    on = path.partition("?")[0]
    if not isinstance(answer, dict) or not isinstance(answer.get("httpStatusCode"), int):
        return FailedPart(UnavailableError("Salesforce answers a part without a status", on=on))
    status, body = answer["httpStatusCode"], answer.get("body")
    if status != HTTPStatus.OK:
        return FailedPart(rest_error(status, body, on=on), codes_of(body))
    return body

"""Reads a query's answer to its end: the next pages of the deals, and of each deal's own lists.

Source: REST API Developer Guide, "Query More Results"; rows of subqueries count towards a page's 2,000.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from connectors.salesforce.composite import MOST_QUERIES, FailedPart, read_together
from connectors.salesforce.rest import RestClient
from schemas.errors import UnavailableError

__all__ = ["read_on"]

_NEXT = re.compile(r"/services/data/v\d{2,3}\.\d/(query/[A-Za-z0-9]{10,40}-\d{1,9})", re.ASCII)
_MOST_CALLS = 100

_Page = dict[str, Any]


async def read_on(rest: RestClient, page: Any) -> None:
    """Put every further row into its list in `page`, five lists a call.

    Raises `UnavailableError` where a list does not come to an end, or `RefusedError`.
    """
    unread = list(_unread(page))
    for _ in range(_MOST_CALLS):
        if not unread:
            return
        taken, unread = unread[:MOST_QUERIES], unread[MOST_QUERIES:]
        answers = await read_together(rest, [_path(each) for each in taken])
        for each, answer in zip(taken, answers, strict=True):
            if isinstance(answer, FailedPart):
                raise answer.error
            unread += _appended(each, answer)
    raise UnavailableError(f"a query's answer has no end after {_MOST_CALLS} further calls", on="query")


def _appended(page: _Page, more: Any) -> Iterator[_Page]:
    """Append what came, and give the lists that still have more."""
    if not isinstance(more, dict) or not isinstance(more.get("records"), list) or not more["records"]:
        raise UnavailableError("Salesforce answers a page without records", on="query")
    page["records"] += more["records"]
    page["done"], page["nextRecordsUrl"] = more.get("done"), more.get("nextRecordsUrl")
    if not page["done"]:
        yield page
    yield from _unread_children(more["records"])


def _unread(page: Any) -> Iterator[_Page]:
    if not isinstance(page, dict) or not isinstance(page.get("records"), list):
        raise UnavailableError("Salesforce answers a query without records", on="query")
    if not page.get("done"):
        yield page
    yield from _unread_children(page["records"])


def _unread_children(records: Iterable[Any]) -> Iterator[_Page]:
    for record in records:
        for value in record.values() if isinstance(record, dict) else ():
            if isinstance(value, dict) and isinstance(value.get("records"), list) and not value.get("done"):
                yield value


def _path(page: _Page) -> str:
    match = _NEXT.fullmatch(str(page.get("nextRecordsUrl") or ""))
    if match is None:
        raise UnavailableError(
            "Salesforce answers a list that is not whole and does not say where it goes on"
        )
    return match[1]

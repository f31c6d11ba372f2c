"""The query resources: `query`, `queryAll`, their next pages, and the plan of a query.

Source: REST API Developer Guide, "Query", "QueryAll", "Query Options Header", "Query Performance Feedback".
"""

import re

from connectors.salesforce.simulator.rest.call import Request
from connectors.salesforce.simulator.rest.context import Context
from connectors.salesforce.simulator.rest.pages import Pager
from connectors.salesforce.simulator.rest.reply import ApiError, Reply
from connectors.salesforce.simulator.soql.errors import SoqlError
from connectors.salesforce.simulator.soql.run import Answer, run

__all__ = ["query", "query_all", "query_more", "tooling_query"]

_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d{1,6})", re.IGNORECASE)
_SMALLEST, _LARGEST = 200, 2_000


def query(context: Context, request: Request) -> Reply:
    """Answer `GET query?q=`, or `?explain=` with the plan."""
    if "explain" in request.query:
        return Reply({"plans": [_explained(context, request)]})
    return _answer(context, request, include_deleted=False)


def query_all(context: Context, request: Request) -> Reply:
    """Answer `GET queryAll?q=`: the recycle bin too."""
    return _answer(context, request, include_deleted=True)


def tooling_query(context: Context, request: Request) -> Reply:
    """Answer `GET tooling/query?q=`: the objects that only the Tooling API knows."""
    return _answer(context, request, include_deleted=False, tooling=True)


def query_more(context: Context, request: Request) -> Reply:
    """Answer the `nextRecordsUrl` of a page."""
    cursor, offset = context.cursors.find(request.arguments["locator"], request.caller.user_id)
    return Reply(Pager(context.org, context.cursors, request.base).page(cursor, offset, _size(request)))


def _answer(context: Context, request: Request, *, include_deleted: bool, tooling: bool = False) -> Reply:
    answer = _run(context, request, _text(request, "q"), include_deleted=include_deleted)
    if answer.plan.object.tooling != tooling:
        name = answer.plan.object.name
        raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
    shape = answer.plan.shape
    if shape is None:
        return Reply({"totalSize": len(answer.rows), "done": True, "records": []})
    cursor = context.cursors.make(request.caller.user_id, shape, answer.rows)
    return Reply(Pager(context.org, context.cursors, request.base).page(cursor, 0, _size(request)))


def _run(context: Context, request: Request, text: str, *, include_deleted: bool) -> Answer:
    try:
        return run(context.org, request.caller.user_id, text, include_deleted=include_deleted)
    except SoqlError as error:
        raise ApiError(400, error.code, error.message) from error


def _text(request: Request, name: str) -> str:
    text = request.query.get(name, "")
    if not text.strip():
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    return text


def _size(request: Request) -> int:
    match = _BATCH_SIZE.search(request.headers.get("sforce-query-options", ""))
    return min(max(int(match[1]), _SMALLEST), _LARGEST) if match else _LARGEST


def _explained(context: Context, request: Request) -> dict[str, object]:
    answer = _run(context, request, _text(request, "explain"), include_deleted=False)
    name = answer.plan.object.name
    total = context.org.count(name)
    pin = answer.plan.pin
    return {
        "cardinality": len(answer.rows),
        "fields": [] if pin is None else [pin.field.name],
        "leadingOperationType": "TableScan" if pin is None else "Index",
        "notes": [],
        "relativeCost": 1.0 if pin is None or not total else round(len(answer.rows) / total, 3),
        "sobjectCardinality": total,
        "sobjectType": name,
    }

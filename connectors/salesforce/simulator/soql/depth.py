"""How deep a query goes. Held against it before anything recurses over its tree, and itself not recursive."""

from connectors.salesforce.simulator.soql.errors import SoqlError
from connectors.salesforce.simulator.soql.tree import (
    All,
    AnyOf,
    Condition,
    Count,
    InQuery,
    Not,
    Query,
    Subquery,
)

__all__ = ["check_depth"]

# Deeper conditions are nobody's query.
_MAX_DEPTH = 60


def check_depth(query: Query) -> None:
    """Raise `SoqlError` (QUERY_TOO_COMPLICATED) for a query that is nested too deeply."""
    queries = [query]
    depth = 0
    while queries:
        depth += 1
        if depth > _MAX_DEPTH or any(one.where and _depth(one.where) > _MAX_DEPTH for one in queries):
            raise SoqlError(
                "QUERY_TOO_COMPLICATED", "Query is either selecting too many fields or nested too deeply."
            )
        queries = [inner for one in queries for inner in _inner(one)]


def _inner(query: Query) -> list[Query]:
    selection = () if isinstance(query.selection, Count) else query.selection
    found = [item.query for item in selection if isinstance(item, Subquery)]
    todo = [query.where] if query.where else []
    while todo:
        one = todo.pop()
        if isinstance(one, All | AnyOf):
            todo += one.terms
        elif isinstance(one, Not):
            todo.append(one.term)
        elif isinstance(one, InQuery):
            found.append(one.query)
    return found


def _depth(condition: Condition) -> int:
    deepest, todo = 0, [(condition, 1)]
    while todo:
        one, depth = todo.pop()
        deepest = max(deepest, depth)
        if isinstance(one, All | AnyOf):
            todo += [(term, depth + 1) for term in one.terms]
        elif isinstance(one, Not):
            todo.append((one.term, depth + 1))
    return deepest

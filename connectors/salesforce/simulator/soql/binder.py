"""Tree -> plan: every name looked up, every rule of SOQL held against the query."""

from connectors.salesforce.simulator.objects.types import FieldType, ObjectType
from connectors.salesforce.simulator.soql.content_links import check_content_links
from connectors.salesforce.simulator.soql.names import Bound, Scope
from connectors.salesforce.simulator.soql.pins import find_pin
from connectors.salesforce.simulator.soql.plan import Children, Plan, Shape, SortKey
from connectors.salesforce.simulator.soql.predicates import Semijoin, compile_condition
from connectors.salesforce.simulator.soql.tree import Count, FieldsOf, Ordering, Query, Subquery

__all__ = ["bind"]

_MAX_OFFSET = 2_000
_MAX_SUBQUERIES = 20
_MAX_DEPTH = 5
_MAX_FIELDS_OF = 200
_MAX_OFFSET_TEXT = f"Maximum SOQL offset allowed is {_MAX_OFFSET}"


def bind(scope: Scope, query: Query, semijoin: Semijoin) -> Plan:
    """Make the plan of a whole query. Raises `SoqlError`."""
    holder = scope.object(query.source, query.source_at)
    check_content_links(holder, query)
    return _plan(scope, holder, query, semijoin, depth=1)


def _plan(scope: Scope, holder: ObjectType, query: Query, semijoin: Semijoin, *, depth: int) -> Plan:
    if query.offset > _MAX_OFFSET:
        raise scope.refuse("NUMBER_OUTSIDE_VALID_RANGE", query.offset_at, _MAX_OFFSET_TEXT)
    predicate = None
    if query.where is not None:
        predicate = compile_condition(scope, holder, query.where, semijoin)
    return Plan(
        holder,
        _shape(scope, holder, query, semijoin, depth=depth),
        find_pin(holder, query.where),
        predicate,
        tuple(_sort_key(scope, holder, ordering) for ordering in query.order),
        query.limit,
        query.offset,
    )


def _shape(scope: Scope, holder: ObjectType, query: Query, semijoin: Semijoin, *, depth: int) -> Shape | None:
    if isinstance(query.selection, Count):
        if depth > 1:
            raise scope.refuse("MALFORMED_QUERY", query.selection.at, "unexpected token: 'COUNT'")
        return None
    shape = Shape(holder, [])
    subqueries = 0
    for item in query.selection:
        if isinstance(item, Subquery):
            subqueries += 1
            if subqueries > _MAX_SUBQUERIES:
                raise scope.refuse(
                    "MALFORMED_QUERY",
                    item.at,
                    f"Maximum number of parent-to-child relationships is {_MAX_SUBQUERIES}",
                )
            shape.items.append(_children(scope, holder, item, semijoin, depth=depth + 1))
        elif isinstance(item, FieldsOf):
            for field in _fields_of(scope, holder, query, item):
                _show(scope, shape, Bound((), (), field), item.at, field.name)
        else:
            _show(scope, shape, scope.path(holder, item), item.at, ".".join(item.parts))
    return shape


def _show(scope: Scope, shape: Shape, bound: Bound, at: int, name: str) -> None:
    if not shape.add(bound):
        raise scope.refuse("INVALID_FIELD", at, f"duplicate field selected: {name}")


def _fields_of(scope: Scope, holder: ObjectType, query: Query, item: FieldsOf) -> list[FieldType]:
    if item.group not in {"ALL", "STANDARD", "CUSTOM"}:
        raise scope.refuse("MALFORMED_QUERY", item.at, f"unexpected token: '{item.group}'")
    if item.group != "STANDARD" and (query.limit is None or query.limit > _MAX_FIELDS_OF):
        raise scope.refuse(
            "MALFORMED_QUERY",
            item.at,
            f"The SOQL FIELDS function must have a LIMIT of at most {_MAX_FIELDS_OF}",
        )
    return [
        field
        for field in scope.fields(holder)
        if item.group == "ALL" or field.custom is (item.group == "CUSTOM")
    ]


def _children(
    scope: Scope, holder: ObjectType, item: Subquery, semijoin: Semijoin, *, depth: int
) -> Children:
    wanted = item.query.source.lower()
    found = next(
        (
            each
            for each in scope.org.objects.children(holder.name)
            if each.name is not None and each.name.lower() == wanted and scope.readable_children(each)
        ),
        None,
    )
    if found is None or found.name is None or depth > _MAX_DEPTH:
        raise scope.refuse(
            "INVALID_TYPE",
            item.query.source_at,
            f"Didn't understand relationship '{item.query.source}' in FROM part of query call. If you "
            "are attempting to use a custom relationship, be sure to append the '__r' after the custom "
            "relationship name. Please reference your WSDL or the describe call for the appropriate names.",
        )
    child = scope.org.objects[found.child]
    return Children(found.name, found.field, _plan(scope, child, item.query, semijoin, depth=depth))


def _sort_key(scope: Scope, holder: ObjectType, ordering: Ordering) -> SortKey:
    bound = scope.path(holder, ordering.path)
    if not bound.field.filterable:
        raise scope.refuse(
            "MALFORMED_QUERY",
            ordering.path.at,
            f"field '{bound.field.name}' can not be sorted in a query call",
        )
    return SortKey(bound, ordering.descending, ordering.nulls_last)

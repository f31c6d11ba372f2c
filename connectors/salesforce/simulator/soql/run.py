"""Runs queries: plan -> rows, beginning from an index where the query names ids."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from connectors.salesforce.simulator.objects.types import FieldType, Row, Value
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.soql.binder import bind
from connectors.salesforce.simulator.soql.names import Bound, Scope
from connectors.salesforce.simulator.soql.operands import kind_of
from connectors.salesforce.simulator.soql.parser import parse
from connectors.salesforce.simulator.soql.plan import Children, Plan, SortKey
from connectors.salesforce.simulator.soql.readers import reader
from connectors.salesforce.simulator.soql.tree import Path, Query

__all__ = ["Answer", "children_of", "run"]

_NUMBERED = frozenset(["id", "reference"])


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found: the rows as they were then, and the plan that says what to show of them."""

    plan: Plan
    rows: list[Row]


def run(org: Org, user_id: str, text: str, *, include_deleted: bool = False) -> Answer:
    """Run a query as a user. Raises `SoqlError`."""
    scope = Scope(org, user_id, text)

    def semijoin(query: Query, outer: Bound) -> Collection[Value]:
        return _selected_ids(scope, query, outer, include_deleted=include_deleted)

    plan = bind(scope, parse(text), semijoin)
    return Answer(plan, _rows(org, plan, _candidates(org, plan, include_deleted=include_deleted)))


def children_of(org: Org, children: Children, parent: Row) -> list[Row]:
    """Give the rows of a subquery under one parent."""
    found = org.children(children.plan.object.name, children.field, str(parent["Id"]))
    return _rows(org, children.plan, found)


def _rows(org: Org, plan: Plan, candidates: Iterable[Row]) -> list[Row]:
    matching = candidates if plan.predicate is None else filter(plan.predicate, candidates)
    if plan.order:
        rows = list(matching)
        for key in reversed(plan.order):
            rows = _sorted(org, rows, key)
        matching = rows
    end = None if plan.limit is None else plan.offset + plan.limit
    return list(islice(matching, plan.offset, end))


def _sorted(org: Org, rows: list[Row], key: SortKey) -> list[Row]:
    read = reader(org, key.bound)
    rank = _rank(key.bound.field)
    keyed = [(rank(read(row)), row) for row in rows]
    nulls = [row for found, row in keyed if found is None]
    others = [pair for pair in keyed if pair[0] is not None]
    others.sort(key=lambda pair: pair[0], reverse=key.descending)
    ordered = [row for _, row in others]
    return ordered + nulls if key.nulls_last else nulls + ordered


def _rank(field: FieldType) -> Any:
    fold = kind_of(field).fold
    if not field.picklist:
        return fold
    # A picklist sorts as its values are arranged; values that are not on it come after, by their text.
    places = {entry.value.casefold(): place for place, entry in enumerate(field.picklist)}

    def place(value: Value) -> tuple[int, str] | None:
        folded = fold(value)
        return None if folded is None else (places.get(folded, len(places)), folded)

    return place


def _candidates(org: Org, plan: Plan, *, include_deleted: bool) -> Iterable[Row]:
    name, pin = plan.object.name, plan.pin
    if pin is None:
        return org.rows(name, include_deleted=include_deleted)
    if pin.field.type == "id":
        found = (org.get(name, each, include_deleted=include_deleted) for each in pin.ids)
        return [row for row in found if row is not None]
    rows = [
        row
        for each in pin.ids
        for row in org.children(name, pin.field.name, each, include_deleted=include_deleted)
    ]
    return sorted(rows, key=_by_id)


def _by_id(row: Row) -> str:
    return str(row["Id"])


def _selected_ids(scope: Scope, query: Query, outer: Bound, *, include_deleted: bool) -> Collection[Value]:
    selection = query.selection
    path = selection[0] if isinstance(selection, tuple) and len(selection) == 1 else None
    if not isinstance(path, Path) or outer.field.type not in _NUMBERED:
        raise scope.refuse(
            "MALFORMED_QUERY",
            query.source_at,
            "a semi-join selects one id field for an id field: x IN (SELECT y FROM Z)",
        )

    def no_deeper(inner: Query, _outer: Bound) -> Collection[Value]:
        raise scope.refuse(
            "MALFORMED_QUERY", inner.source_at, "Nesting of semi join sub-selects is not supported"
        )

    plan = bind(scope, query, no_deeper)
    bound = scope.path(plan.object, path)
    if bound.field.type not in _NUMBERED:
        raise scope.refuse(
            "MALFORMED_QUERY",
            path.at,
            f"Cannot use field '{bound.field.name}' in inner select: it is not an id",
        )
    read = reader(scope.org, bound)
    rows = _rows(scope.org, plan, _candidates(scope.org, plan, include_deleted=include_deleted))
    return {read(row) for row in rows} - {None}

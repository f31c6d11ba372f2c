"""WHERE -> a function that tells whether a row is meant. Two-valued: a comparison with null is false.

`=` null finds nulls, `!=` and NOT IN find them too, text compares without regard to case, '' is null. Source:
SOQL and SOSL Reference, "Comparison Operators", "null".
"""

import operator
from collections.abc import Callable, Collection
from typing import Any

from connectors.salesforce.simulator.objects.types import ObjectType, Row, Value
from connectors.salesforce.simulator.soql import operands
from connectors.salesforce.simulator.soql.literals import BadLiteralError, like_pattern
from connectors.salesforce.simulator.soql.names import Bound, Scope
from connectors.salesforce.simulator.soql.readers import reader
from connectors.salesforce.simulator.soql.tree import (
    All,
    AnyOf,
    Comparison,
    Condition,
    InQuery,
    Membership,
    Not,
    Path,
    Query,
    Text,
)

__all__ = ["Predicate", "compile_condition", "filtered"]

Predicate = Callable[[Row], bool]
Semijoin = Callable[[Query, Bound], Collection[Value]]
"""Runs the query of an IN (SELECT …) and gives the values it selects."""

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_condition(
    scope: Scope, holder: ObjectType, condition: Condition, semijoin: Semijoin
) -> Predicate:
    """Make the predicate of a condition over rows of an object. Raises `SoqlError`."""
    if isinstance(condition, All):
        every = [compile_condition(scope, holder, term, semijoin) for term in condition.terms]
        return lambda row: all(one(row) for one in every)
    if isinstance(condition, AnyOf):
        some = [compile_condition(scope, holder, term, semijoin) for term in condition.terms]
        return lambda row: any(one(row) for one in some)
    if isinstance(condition, Not):
        inner = compile_condition(scope, holder, condition.term, semijoin)
        return lambda row: not inner(row)
    bound = filtered(scope, holder, condition.path)
    read = reader(scope.org, bound)
    if isinstance(condition, Comparison):
        return _comparison(scope, bound, read, condition)
    if isinstance(condition, Membership):
        return _membership(scope, bound, read, condition)
    return _in_query(bound, read, condition, semijoin)


def filtered(scope: Scope, holder: ObjectType, path: Path) -> Bound:
    """Find a field that WHERE names. Raises `SoqlError` when it cannot be filtered on."""
    bound = scope.path(holder, path)
    if not bound.field.filterable:
        raise scope.refuse(
            "INVALID_FIELD", path.at, f"field '{bound.field.name}' can not be filtered in a query call"
        )
    return bound


def _comparison(scope: Scope, bound: Bound, read: Callable[[Row], Value], condition: Comparison) -> Predicate:
    literal, at = condition.value
    sign = condition.operator
    kind = operands.kind_of(bound.field)
    if not kind.allows(sign):
        raise scope.refuse(
            "INVALID_QUERY_FILTER_OPERATOR", condition.path.at, f"invalid operator on {kind.name} field"
        )
    fold = kind.fold
    if sign == "LIKE":
        if not isinstance(literal, Text):
            raise operands.wrong_type(scope, bound.field, at)
        try:
            matches = like_pattern(literal.raw)
        except BadLiteralError as error:
            raise scope.refuse("MALFORMED_QUERY", at, str(error)) from None
        return lambda row: bool(matches(str(read(row) or "")))
    value = operands.operand(scope, bound.field, literal, at)
    if isinstance(value, operands.Span):
        return _span(read, sign, value)
    if sign == "=":
        return lambda row: fold(read(row)) == value
    if sign == "!=":
        return lambda row: fold(read(row)) != value
    compare = _ORDER[sign]
    if value is None:
        return lambda _row: False

    def ordered(row: Row) -> bool:
        found = fold(read(row))
        return found is not None and compare(found, value)

    return ordered


def _span(read: Callable[[Row], Value], sign: str, span: operands.Span) -> Predicate:
    first, after = span.first, span.after

    def within(found: Any) -> bool:
        if sign in {"=", "!="}:
            return (first <= found < after) is (sign == "=")
        if sign in {"<", ">="}:
            return (found < first) is (sign == "<")
        return (found >= after) is (sign == ">")

    def predicate(row: Row) -> bool:
        found = read(row)
        return sign == "!=" if found is None else within(found)

    return predicate


def _membership(scope: Scope, bound: Bound, read: Callable[[Row], Value], condition: Membership) -> Predicate:
    fold = operands.kind_of(bound.field).fold
    values = [operands.operand(scope, bound.field, literal, at) for literal, at in condition.values]
    spans = [_span(read, "=", value) for value in values if isinstance(value, operands.Span)]
    plain = frozenset(value for value in values if not isinstance(value, operands.Span))
    negated = condition.negated
    return lambda row: (fold(read(row)) in plain or any(one(row) for one in spans)) is not negated


def _in_query(
    bound: Bound, read: Callable[[Row], Value], condition: InQuery, semijoin: Semijoin
) -> Predicate:
    found = frozenset(semijoin(condition.query, bound))
    negated = condition.negated
    return lambda row: (read(row) in found) is not negated

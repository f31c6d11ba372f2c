"""Text of a query -> tree. Everything the grammar does not know is refused with its place."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from connectors.salesforce.simulator.soql import literals
from connectors.salesforce.simulator.soql.depth import check_depth
from connectors.salesforce.simulator.soql.errors import SoqlError, drawn
from connectors.salesforce.simulator.soql.tree import (
    MAX_QUERY,
    All,
    AnyOf,
    Comparison,
    Condition,
    Count,
    FieldsOf,
    InQuery,
    Item,
    Literal,
    Membership,
    Not,
    Ordering,
    Path,
    Query,
    Subquery,
    Text,
    Value,
)

__all__ = ["parse"]

_READERS: dict[str, Callable[[str], Literal]] = {
    "STRING": lambda written: Text(written[1:-1]),
    "NUMBER": literals.read_number,
    "DATE": literals.read_date,
    "MOMENT": literals.read_moment,
    "PERIOD": literals.read_period,
    "TRUE": lambda _: True,
    "FALSE": lambda _: False,
    "NULL": lambda _: None,
}


def _at(token: Token) -> int:
    return token.start_pos or 0


class _LiteralError(Exception):
    def __init__(self, at: int, reason: str) -> None:
        super().__init__(reason)
        self.at = at
        self.reason = reason


@v_args(inline=True)
class _Build(Transformer[Token, Query]):
    """One method a rule; lark calls them while it parses."""

    def start(self, query: Query) -> Query:
        return query

    def count(self, token: Token) -> Count:
        return Count(_at(token))

    def items(self, *items: Item) -> tuple[Item, ...]:
        return items

    def fields_of(self, token: Token, group: Token) -> FieldsOf:
        return FieldsOf(group.upper(), _at(token))

    def subquery(self, query: Query) -> Subquery:
        return Subquery(query, query.source_at)

    def path(self, *names: Token) -> Path:
        return Path(tuple(str(name) for name in names), _at(names[0]))

    def value(self, token: Token) -> Value:
        at = _at(token)
        try:
            return _READERS[token.type](token), at
        except literals.BadLiteralError as error:
            raise _LiteralError(at, str(error)) from error

    def where(self, condition: Condition) -> Condition:
        return condition

    def conjunction(self, *terms: Condition) -> All:
        return All(terms)

    def disjunction(self, *terms: Condition) -> AnyOf:
        return AnyOf(terms)

    def negation(self, term: Condition) -> Not:
        return Not(term)

    def comparison(self, path: Path, operator: Token, value: Value) -> Comparison:
        return Comparison(path, "!=" if operator == "<>" else operator.upper(), value)

    def is_in(self, path: Path, _in: Token, *values: Value) -> Membership:
        return Membership(path, values, negated=False)

    def is_not_in(self, path: Path, _in: Token, *values: Value) -> Membership:
        return Membership(path, values, negated=True)

    def is_in_query(self, path: Path, _in: Token, query: Query) -> InQuery:
        return InQuery(path, query, negated=False)

    def is_not_in_query(self, path: Path, _in: Token, query: Query) -> InQuery:
        return InQuery(path, query, negated=True)

    def order(self, *orderings: Ordering) -> tuple[Ordering, ...]:
        return orderings

    def ordering(self, path: Path, *marks: Token) -> Ordering:
        kinds = {mark.type for mark in marks}
        return Ordering(path, descending="DESC" in kinds, nulls_last="LAST" in kinds)

    def limit(self, token: Token) -> tuple[str, int, int]:
        return "limit", _whole(token), _at(token)

    def offset(self, token: Token) -> tuple[str, int, int]:
        return "offset", _whole(token), _at(token)

    def query(self, selection: Count | tuple[Item, ...], source: Token, *clauses: Any) -> Query:
        parts: dict[str, Any] = {}
        for clause in clauses:
            if isinstance(clause, tuple) and isinstance(clause[0], Ordering):
                parts["order"] = clause
            elif isinstance(clause, tuple):
                name, number, at = clause
                parts[name] = number
                if name == "offset":
                    parts["offset_at"] = at
            else:
                parts["where"] = clause
        return Query(selection, str(source), _at(source), **parts)


def _whole(token: Token) -> int:
    # A clip, not a limit: beyond it all numbers mean "more than there is".
    return int(token.lstrip("0")[:12] or "0")


_GRAMMAR = Lark(
    files("connectors.salesforce.simulator.soql").joinpath("grammar.lark").read_text(encoding="utf-8"),
    parser="lalr",
    lexer="contextual",
    transformer=_Build(),
)


def parse(text: str) -> Query:
    """Parse a query. Raises `SoqlError` (MALFORMED_QUERY, QUERY_TOO_COMPLICATED) with the place."""
    if len(text) > MAX_QUERY:
        raise SoqlError("MALFORMED_QUERY", f"SOQL statements cannot be longer than {MAX_QUERY} characters.")
    try:
        query: Query = _GRAMMAR.parse(text)  # type: ignore[assignment]  # a transformer changes what parse gives
    except UnexpectedInput as error:
        raise SoqlError("MALFORMED_QUERY", _unexpected(text, error)) from None
    except VisitError as error:
        if isinstance(error.orig_exc, _LiteralError):
            bad = error.orig_exc
            raise SoqlError("MALFORMED_QUERY", drawn(text, bad.at, bad.reason)) from None
        raise
    except _LiteralError as bad:
        raise SoqlError("MALFORMED_QUERY", drawn(text, bad.at, bad.reason)) from None
    check_depth(query)
    return query


def _unexpected(text: str, error: UnexpectedInput) -> str:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        at, found = _at(error.token), str(error.token)
    elif isinstance(error, UnexpectedCharacters):
        at = error.pos_in_stream  # type: ignore[assignment]  # lark declares None and sets an int
        found = text[at : at + 1]
        if found == "'":
            return drawn(text, at, "Line could not be parsed: string literal is not closed by a quote")
    else:
        at, found = len(text), "<EOF>"
    return drawn(text, at, f"unexpected token: '{found[:100]}'")

"""What a literal means beside a field: its type checked, its value made comparable."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from connectors.salesforce.simulator.objects.types import FieldType, Value
from connectors.salesforce.simulator.soql.errors import SoqlError
from connectors.salesforce.simulator.soql.literals import BadLiteralError, unescape
from connectors.salesforce.simulator.soql.names import Scope
from connectors.salesforce.simulator.soql.periods import days_of
from connectors.salesforce.simulator.soql.tree import Literal, Period, Text
from schemas.errors import UnreadableError
from schemas.ids import id18

__all__ = ["Kind", "Span", "kind_of", "operand", "wrong_type"]

_MAX_TEXT = 4_000
_ORDER = frozenset(["=", "!=", "<", "<=", ">", ">="])


@dataclass(frozen=True, slots=True)
class Span:
    """What a relative date means: from `first` until just before `after`."""

    first: date
    after: date


@dataclass(frozen=True, slots=True)
class Kind:
    """How fields of a kind compare: by which operators, and after which folding of the stored value."""

    name: str
    operators: frozenset[str]
    fold: Callable[[Value], Any]
    soap: str

    def allows(self, sign: str) -> bool:
        """Tell whether an operator can stand beside such a field."""
        return sign in self.operators


def _same(value: Value) -> Value:
    return value


def _folded(value: Value) -> str | None:
    return value.casefold() if isinstance(value, str) and value else None


_ID = Kind("id", _ORDER, _same, "ID")
_TEXT = Kind("string", _ORDER | {"LIKE"}, _folded, "string")
_KINDS = {
    "id": _ID,
    "reference": _ID,
    "boolean": Kind("boolean", frozenset(["=", "!="]), bool, "boolean"),
    "currency": Kind("number", _ORDER, _same, "double"),
    "percent": Kind("number", _ORDER, _same, "double"),
    "double": Kind("number", _ORDER, _same, "double"),
    "int": Kind("number", _ORDER, _same, "int"),
    "date": Kind("date", _ORDER, _same, "date"),
    "datetime": Kind("dateTime", _ORDER, _same, "dateTime"),
}


def kind_of(field: FieldType) -> Kind:
    """Give how a field compares; what is nothing else is text."""
    return _KINDS.get(field.type, _TEXT)


def wrong_type(scope: Scope, field: FieldType, at: int) -> SoqlError:
    """Make the refusal of a literal of another type than the field's."""
    kind = kind_of(field)
    quotes = "should be enclosed" if kind in {_TEXT, _ID} else "should not be enclosed"
    return scope.refuse(
        "INVALID_FIELD",
        at,
        f"value of filter criterion for field '{field.name}' must be of type {kind.soap} "
        f"and {quotes} in quotes",
    )


def operand(scope: Scope, field: FieldType, literal: Literal, at: int) -> Any:
    """Give a literal as the value a field's folded values compare with. Raises `SoqlError`."""
    kind = kind_of(field)
    if literal is None:
        return False if kind.name == "boolean" else None
    if isinstance(literal, Text):
        if kind not in {_TEXT, _ID}:
            raise wrong_type(scope, field, at)
        return _quoted(scope, kind, literal, at)
    if isinstance(literal, Period) and kind.name in {"date", "dateTime"}:
        return _span(scope, kind, literal)
    # bool before Decimal and datetime before date: the later of each pair takes the former's place in Python.
    fits = {
        "boolean": isinstance(literal, bool),
        "number": isinstance(literal, Decimal),
        "date": isinstance(literal, date) and not isinstance(literal, datetime),
        "dateTime": isinstance(literal, datetime),
    }
    if not fits.get(kind.name, False):
        raise wrong_type(scope, field, at)
    return literal


def _quoted(scope: Scope, kind: Kind, literal: Text, at: int) -> str | None:
    try:
        text = unescape(literal.raw)
    except BadLiteralError as error:
        raise scope.refuse("MALFORMED_QUERY", at, str(error)) from None
    if len(text) > _MAX_TEXT:
        raise scope.refuse(
            "MALFORMED_QUERY", at, f"a string in a filter is at most {_MAX_TEXT} characters long"
        )
    if kind is _ID and text:
        try:
            return id18(text)
        except UnreadableError:
            reason = f"invalid ID field: {text[:100]}"
            raise scope.refuse("INVALID_QUERY_FILTER_OPERATOR", at, reason) from None
    return text.casefold() or None


def _span(scope: Scope, kind: Kind, period: Period) -> Span:
    first, after = days_of(period, scope.org.clock.now().date())
    if kind.name == "date":
        return Span(first, after)
    return Span(datetime.combine(first, time(), UTC), datetime.combine(after, time(), UTC))

"""Which ids a WHERE pins its rows to, so that a query begins from an index and not from every row."""

from dataclasses import dataclass

from connectors.salesforce.simulator.objects.types import FieldType, ObjectType
from connectors.salesforce.simulator.soql.tree import All, Comparison, Condition, Membership, Text, Value
from schemas.ids import id18

__all__ = ["Pin", "find_pin"]

_TYPES = frozenset(["id", "reference"])


@dataclass(frozen=True, slots=True)
class Pin:
    """Every row that can match has one of these ids in this field. In ascending order, each once."""

    field: FieldType
    ids: tuple[str, ...]


def find_pin(holder: ObjectType, where: Condition | None) -> Pin | None:
    """Find the best pin of a condition whose literals are known to be good: by Id, else by a reference."""
    if where is None:
        return None
    terms = where.terms if isinstance(where, All) else (where,)
    pins = [pin for term in terms if (pin := _pin(holder, term)) is not None]
    return next((pin for pin in pins if pin.field.type == "id"), pins[0] if pins else None)


def _pin(holder: ObjectType, term: Condition) -> Pin | None:
    if isinstance(term, Comparison) and term.operator == "=":
        values: tuple[Value, ...] = (term.value,)
    elif isinstance(term, Membership) and not term.negated:
        values = term.values
    else:
        return None
    field = holder.find(term.path.parts[0]) if len(term.path.parts) == 1 else None
    if field is None or field.type not in _TYPES:
        return None
    texts = [literal.raw for literal, _ in values if isinstance(literal, Text) and literal.raw]
    # A null among them means rows that no index knows.
    return Pin(field, tuple(sorted({id18(text) for text in texts}))) if len(texts) == len(values) else None

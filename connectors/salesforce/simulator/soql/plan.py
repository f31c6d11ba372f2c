"""A query made sure of: what to take, what to keep, how to order and what to show."""

from dataclasses import dataclass

from connectors.salesforce.simulator.objects.types import FieldType, ObjectType
from connectors.salesforce.simulator.soql.names import Bound
from connectors.salesforce.simulator.soql.pins import Pin
from connectors.salesforce.simulator.soql.predicates import Predicate

__all__ = ["Children", "Parent", "Plan", "Shape", "SortKey"]


@dataclass(slots=True)
class Parent:
    """A parent to show under its relationship's name, reached by `reference`."""

    name: str
    reference: FieldType
    shape: "Shape"


@dataclass(frozen=True, slots=True)
class Children:
    """Child records to show under the relationship's name: rows of the plan whose `field` is the parent."""

    name: str
    field: str
    plan: "Plan"


@dataclass(slots=True)
class Shape:
    """What to show of a record, in the order asked for. `object` is None behind a reference to several."""

    object: ObjectType | None
    items: list[FieldType | Parent | Children]

    def add(self, bound: Bound) -> bool:
        """Show a field, among others of the same parent; False if it is shown already."""
        shape = self
        for hop, holder in zip(bound.hops, bound.holders, strict=True):
            shape = shape.parent(hop, holder)
        if bound.field in shape.items:
            return False
        shape.items.append(bound.field)
        return True

    def parent(self, reference: FieldType, holder: ObjectType | None) -> "Shape":
        """Give the shape of a parent, which is shown from the first field asked of it."""
        for item in self.items:
            if isinstance(item, Parent) and item.reference is reference:
                return item.shape
        inner = Shape(holder, [])
        self.items.append(Parent(reference.relationship_name or reference.name, reference, inner))
        return inner


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of ORDER BY."""

    bound: Bound
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. `shape` is None for COUNT(), `pin` where the rows must be looked through."""

    object: ObjectType
    shape: Shape | None
    pin: Pin | None
    predicate: Predicate | None
    order: tuple[SortKey, ...]
    limit: int | None
    offset: int

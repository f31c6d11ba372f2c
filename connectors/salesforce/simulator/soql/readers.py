"""Reading a bound path from a row: follow the references, then take the field."""

from collections.abc import Callable

from connectors.salesforce.simulator.objects.types import FieldType, Row, Value
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.soql.names import Bound

__all__ = ["follow", "reader", "shared_value"]


def reader(org: Org, bound: Bound) -> Callable[[Row], Value]:
    """Make the function that reads a path; what lies behind a missing parent is null."""
    name = bound.field.name
    if not bound.hops:
        return lambda row: row.get(name)
    hops = bound.hops
    shared = bound.shared

    def through_parents(row: Row) -> Value:
        at = row
        for hop in hops:
            parent = follow(org, at, hop)
            if parent is None:
                return None
            at = parent
        return shared_value(org, at, bound.field) if shared else at.get(name)

    return through_parents


def follow(org: Org, row: Row, reference: FieldType) -> Row | None:
    """Give the record that a reference of a row leads to, if it is there."""
    parent_id = row.get(reference.name)
    if not isinstance(parent_id, str):
        return None
    targets = reference.reference_to
    if len(targets) == 1:
        # Stored ids are whole already, so the store is asked and not the org, which takes short ones too.
        return org.store.get(targets[0], parent_id)
    found = org.objects.by_id(parent_id)
    return org.store.get(found.name, parent_id) if found is not None else None


def shared_value(org: Org, row: Row, field: FieldType) -> Value:
    """Read a field of the Name object: its Type is the record's object, its Name whatever that calls it."""
    holder = org.objects.by_id(str(row["Id"]))
    if holder is None:
        return None
    if field.name == "Type":
        return holder.name
    if field.name == "Name":
        return next((row.get(item.name) for item in holder.fields if item.name_field), None)
    return row.get(field.name)

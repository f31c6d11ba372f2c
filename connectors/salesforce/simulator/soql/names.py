"""Names in a query -> objects and fields of the org, as the asking user may see them.

What the user may not read does not exist for them: the same INVALID_FIELD as for a slip of the pen.
"""

from dataclasses import dataclass

from connectors.salesforce.simulator.objects.types import ChildRelationship, FieldType, ObjectType
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.soql.errors import SoqlError, drawn
from connectors.salesforce.simulator.soql.tree import Path

__all__ = ["Bound", "Scope", "is_polymorphic"]

_MAX_HOPS = 5
_MAX_PARENTS = 55
_ADVICE = "Please reference your WSDL or the describe call for the appropriate names."

# What the Name object shows of a record behind a reference to several objects (Object Reference, "Name").
_NAME_FIELDS = frozenset(
    ["id", "name", "firstname", "lastname", "email", "phone", "title", "username", "alias", "isactive"]
)
_TYPE = FieldType("Type", "string", "Type", createable=False, updateable=False)


@dataclass(frozen=True, slots=True)
class Bound:
    """A path made sure of: the references to follow from a row, then the field to read.

    `holders` are the objects that the references lead to; None where one leads to several.
    """

    hops: tuple[FieldType, ...]
    holders: tuple[ObjectType | None, ...]
    field: FieldType

    @property
    def shared(self) -> bool:
        """Whether the field is one of the Name object, behind a reference to several objects."""
        return bool(self.holders) and self.holders[-1] is None


def is_polymorphic(reference: FieldType) -> bool:
    """Tell whether a reference can lead to records of several objects."""
    return len(reference.reference_to) > 1


class Scope:
    """Looks names up for one user in one query's text. All methods raise `SoqlError` with the place."""

    def __init__(self, org: Org, user_id: str, text: str) -> None:
        self.org = org
        self.user_id = user_id
        self.text = text
        self._parents: set[tuple[str, ...]] = set()

    def refuse(self, code: str, at: int, reason: str) -> SoqlError:
        """Make the refusal that draws `reason` at a place."""
        return SoqlError(code, drawn(self.text, at, reason))

    def object(self, name: str, at: int) -> ObjectType:
        """Find the object of a FROM."""
        found = self.org.objects.find(name)
        if found is not None:
            return found
        if any(item.event_name.lower() == name.lower() for item in self.org.objects.values()):
            raise SoqlError("INVALID_TYPE_FOR_OPERATION", f"entity type {name} does not support query")
        raise self.refuse(
            "INVALID_TYPE",
            at,
            f"sObject type '{name}' is not supported. If you are attempting to use a custom object, "
            f"be sure to append the '__c' after the entity name. {_ADVICE}",
        )

    def readable(self, holder: ObjectType, field: FieldType) -> bool:
        """Tell whether the user may read a field."""
        return self.org.readable(self.user_id, holder.name, field.name)

    def readable_children(self, link: ChildRelationship) -> bool:
        """Tell whether the user may read the field by which children refer to their parent."""
        return self.org.readable(self.user_id, link.child, link.field)

    def fields(self, holder: ObjectType) -> list[FieldType]:
        """List the fields of an object that the user may read."""
        return [field for field in holder.fields if self.readable(holder, field)]

    def path(self, holder: ObjectType, path: Path) -> Bound:
        """Find the field at the end of a path that starts at an object."""
        parts = path.parts
        if len(parts) > 1 and parts[0].lower() == holder.name.lower() and not self._parent(holder, parts[0]):
            parts = parts[1:]
        if len(parts) - 1 > _MAX_HOPS:
            raise self.refuse(
                "INVALID_FIELD", path.at, f"Maximum relationship level is {_MAX_HOPS}: {'.'.join(path.parts)}"
            )
        hops: list[FieldType] = []
        holders: list[ObjectType | None] = []
        at_object: ObjectType | None = holder
        for name in parts[:-1]:
            hop = at_object and self._parent(at_object, name)
            if not hop:
                raise self.refuse(
                    "INVALID_FIELD",
                    path.at,
                    f"Didn't understand relationship '{name}' in field path. If you are attempting to use a "
                    f"custom relationship, be sure to append the '__r' after the custom relationship name. "
                    f"{_ADVICE}",
                )
            hops.append(hop)
            at_object = None if is_polymorphic(hop) else self.org.objects[hop.reference_to[0]]
            holders.append(at_object)
        self._count(path, hops, holder)
        last = parts[-1]
        field = self._own(at_object, last) if at_object else self._shared(hops[-1], last)
        if field is None:
            named = at_object.name if at_object else "Name"
            raise self.refuse(
                "INVALID_FIELD",
                path.at,
                f"No such column '{last}' on entity '{named}'. If you are attempting to use a custom field, "
                f"be sure to append the '__c' after the custom field name. {_ADVICE}",
            )
        return Bound(tuple(hops), tuple(holders), field)

    def _count(self, path: Path, hops: list[FieldType], holder: ObjectType) -> None:
        for end in range(1, len(hops) + 1):
            self._parents.add((holder.name, *(hop.name for hop in hops[:end])))
        if len(self._parents) > _MAX_PARENTS:
            raise self.refuse(
                "MALFORMED_QUERY",
                path.at,
                f"Maximum number of child-to-parent relationships is {_MAX_PARENTS}",
            )

    def _own(self, holder: ObjectType, name: str) -> FieldType | None:
        field = holder.find(name)
        return field if field is not None and self.readable(holder, field) else None

    def _parent(self, holder: ObjectType, relationship: str) -> FieldType | None:
        wanted = relationship.lower()
        for field in holder.fields:
            if field.relationship_name and field.relationship_name.lower() == wanted:
                return field if self.readable(holder, field) else None
        return None

    def _shared(self, reference: FieldType, name: str) -> FieldType | None:
        """Find what the Name object shows, by the first referred object that has it."""
        wanted = name.lower()
        if wanted == "type":
            return _TYPE
        if wanted not in _NAME_FIELDS:
            return None
        for target in reference.reference_to:
            field = self._own(self.org.objects[target], name)
            if field is not None:
                return field
        return None

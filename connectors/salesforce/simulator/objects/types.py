"""What an object and a field are: the metadata that describe shows and that writes are checked against."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

__all__ = ["ChildRelationship", "FieldType", "ObjectType", "Objects", "PicklistValue", "Row", "Value"]

Value = str | bool | int | Decimal | date | datetime | bytes | None

Row = Mapping[str, Value]
"""One record. A field that is null is absent: read with `get`. Rows are never changed in place."""


@dataclass(frozen=True, slots=True)
class PicklistValue:
    """One entry of a picklist: the value that is stored, and the label that is shown."""

    value: str
    label: str
    active: bool = True
    default: bool = False


@dataclass(frozen=True, slots=True)
class FieldType:
    """One field of an object. Defaults are those of an ordinary nullable, writable field.

    `type` is the describe type: id, reference, string, textarea, picklist, boolean, currency, percent,
    double, int, date, datetime, email, phone, url, address, base64.
    """

    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    filterable: bool = True
    calculated: bool = False
    name_field: bool = False
    external_id: bool = False
    unique: bool = False
    html: bool = False
    default: Value = None
    """What a create without this field stores; such a field is not required although not nillable."""
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    child_relationship: str | None = None
    """The name by which the referred objects see these records as children."""
    cascade_delete: bool = False
    picklist: tuple[PicklistValue, ...] = ()
    restricted: bool = False
    compound: str | None = None
    """The compound field that this is a component of: `BillingAddress`, or `Name` of a person."""
    component: str = ""
    """The component's name within the compound, as change events spell it: `Street`."""
    in_events: bool = True
    permissionable: bool = True
    """Whether field-level security can hide it."""

    @property
    def custom(self) -> bool:
        """Whether an administrator of the org made it."""
        return self.name.endswith("__c")

    @property
    def required(self) -> bool:
        """Whether a create must give it."""
        return not self.nillable and self.createable and self.default is None and self.type != "boolean"


@dataclass(frozen=True, slots=True)
class ChildRelationship:
    """Records of `child` that refer by `field`; `name` is None where a query cannot go down it."""

    child: str
    field: str
    name: str | None
    cascade_delete: bool


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One object. `fields` are in the order of the change event schema, which describe shows too."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    fields: tuple[FieldType, ...]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    change_events: bool = False
    """Whether Change Data Capture knows it (Object Reference, "StandardObjectNameChangeEvent")."""
    tooling: bool = False
    """Whether only the Tooling API knows it."""
    _by_name: dict[str, FieldType] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {item.name.lower(): item for item in self.fields})

    @property
    def custom(self) -> bool:
        """Whether an administrator of the org made it."""
        return self.name.endswith("__c")

    @property
    def event_name(self) -> str:
        """Name its change event, as channels do: OpportunityChangeEvent, Employee__ChangeEvent."""
        return f"{self.name.removesuffix('c')}ChangeEvent" if self.custom else f"{self.name}ChangeEvent"

    def find(self, name: str) -> FieldType | None:
        """Give a field by its name, in whatever case; None if there is none."""
        return self._by_name.get(name.lower())

    def components(self, compound: str) -> tuple[FieldType, ...]:
        """Give the fields that a compound field is made of."""
        return tuple(item for item in self.fields if item.compound == compound)


class Objects(Mapping[str, ObjectType]):
    """The objects of an org by name, with the relationships between them."""

    def __init__(self, objects: Iterable[ObjectType]) -> None:
        self._objects = {item.name: item for item in objects}
        self._by_lower = {name.lower(): item for name, item in self._objects.items()}
        self._by_prefix = {item.key_prefix: item for item in self._objects.values()}
        self._children: dict[str, list[ChildRelationship]] = {name: [] for name in self._objects}
        for item in self._objects.values():
            for each in item.fields:
                for target in each.reference_to:
                    self._children[target].append(
                        ChildRelationship(item.name, each.name, each.child_relationship, each.cascade_delete)
                    )

    def __getitem__(self, name: str) -> ObjectType:
        return self._objects[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._objects)

    def __len__(self) -> int:
        return len(self._objects)

    def find(self, name: str) -> ObjectType | None:
        """Give an object by its name, in whatever case; None if there is none."""
        return self._by_lower.get(name.lower())

    def by_id(self, record_id: str) -> ObjectType | None:
        """Give the object that an id is of, by its first three characters."""
        return self._by_prefix.get(record_id[:3])

    def children(self, name: str) -> tuple[ChildRelationship, ...]:
        """Give the relationships in which records of this object are parents."""
        return tuple(self._children[name])

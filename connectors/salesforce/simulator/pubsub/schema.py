"""Avro schemas of change events, as GetSchema gives them.

Every field of the body is a union with null. Dates and datetimes are epoch milliseconds, numbers doubles, a
compound field is a record of its components. Source: Change Data Capture Developer Guide, "Change Event Body
Fields", "Get Compound Fields in Change Events".
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from fastavro import parse_schema

from connectors.salesforce.simulator.objects import FieldType, ObjectType
from connectors.salesforce.simulator.pubsub.field_order import STANDARD_ORDER

__all__ = ["CHANGE_TYPES", "HEADER", "EventSchema", "change_schema", "event_schema"]

HEADER = "ChangeEventHeader"
CHANGE_TYPES = (
    "CREATE",
    "UPDATE",
    "DELETE",
    "UNDELETE",
    "SNAPSHOT",
    "GAP_CREATE",
    "GAP_UPDATE",
    "GAP_DELETE",
    "GAP_UNDELETE",
    "GAP_OVERFLOW",
)
_NAMESPACE = "com.sforce.eventbus"
_ID_LENGTH = 22
_TEXTS = {"type": "array", "items": "string"}
_AVRO_TYPES = {
    "boolean": "boolean",
    "int": "int",
    "currency": "double",
    "percent": "double",
    "double": "double",
    "date": "long",
    "datetime": "long",
}
_HEADER_FIELDS: tuple[tuple[str, Any], ...] = (
    ("entityName", "string"),
    ("recordIds", _TEXTS),
    ("changeType", {"type": "enum", "name": "ChangeType", "symbols": list(CHANGE_TYPES)}),
    ("changeOrigin", "string"),
    ("transactionKey", "string"),
    ("sequenceNumber", "int"),
    ("commitTimestamp", "long"),
    ("commitNumber", "long"),
    ("commitUser", "string"),
    ("nulledFields", _TEXTS),
    ("diffFields", _TEXTS),
    ("changedFields", _TEXTS),
)


@dataclass(frozen=True, slots=True)
class EventSchema:
    """One schema. `places` says where the fields of an object stand in it, for bitmaps."""

    id: str
    json: str
    parsed: Any = field(repr=False, compare=False)
    places: dict[str, tuple[int, int | None]] = field(default_factory=dict, repr=False, compare=False)


def change_schema(kind: ObjectType, extra: tuple[FieldType, ...] = ()) -> EventSchema:
    """Give the schema of an object's change events; `extra` are custom fields made since."""
    header = {"type": "record", "name": HEADER, "fields": [_plain(*each) for each in _HEADER_FIELDS]}
    fields: list[dict[str, Any]] = [{"name": HEADER, "type": header}]
    places: dict[str, tuple[int, int | None]] = {}
    named: set[str] = set()
    for name, types in _ordered(kind, extra).items():
        if isinstance(types, str):
            places[name] = (len(fields), None)
            fields.append(_optional(name, _AVRO_TYPES.get(types, "string")))
            continue
        record = "Address" if name.endswith("Address") else "PersonName"
        for at, item in enumerate(types):
            places[item.name] = (len(fields), at)
        parts = [_optional(item.component, "string") for item in types]
        whole: Any = {"type": "record", "name": record, "fields": parts}
        # A record is defined where it is met first and named after that.
        fields.append(_optional(name, f"{_NAMESPACE}.{record}" if record in named else whole))
        named.add(record)
    return event_schema(kind.event_name, fields, places)


def event_schema(
    name: str, fields: list[dict[str, Any]], places: dict[str, tuple[int, int | None]] | None = None
) -> EventSchema:
    """Give a schema of some fields. Its id is a hash: it changes when, and only when, the schema does."""
    schema = {"type": "record", "name": name, "namespace": _NAMESPACE, "fields": fields}
    text = json.dumps(schema, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    identity = base64.urlsafe_b64encode(digest).decode()[:_ID_LENGTH]
    return EventSchema(identity, text, parse_schema(json.loads(text)), places or {})


def _ordered(kind: ObjectType, extra: tuple[FieldType, ...]) -> dict[str, str | tuple[FieldType, ...]]:
    """Give top-level fields in order: a describe type, or the components of a compound field."""
    own: dict[str, str | tuple[FieldType, ...]] = {}
    for item in (*kind.fields, *extra):
        if item.in_events and not item.custom and item.compound:
            own[item.compound] = kind.components(item.compound)
        elif item.in_events:
            own[item.name] = item.type
    standard: dict[str, str | tuple[FieldType, ...]] = dict(STANDARD_ORDER.get(kind.name, {}))
    return standard | own


def _plain(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": kind}


def _optional(name: str, kind: Any) -> dict[str, Any]:
    return {"name": name, "type": ["null", kind], "default": None}

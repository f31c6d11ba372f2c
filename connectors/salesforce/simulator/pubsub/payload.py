"""Change events as the Avro payload of a Pub/Sub event.

Every field stands in it: one that did not change is null as well as one that was set to null, so
`changedFields` and `nulledFields` tell them apart. Source: Change Data Capture Developer Guide, "Change Event
Body Fields".
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from fastavro import schemaless_writer

from connectors.salesforce.simulator.changes import ChangeEvent
from connectors.salesforce.simulator.objects import ObjectType, Value
from connectors.salesforce.simulator.pubsub import bitmaps
from connectors.salesforce.simulator.pubsub.schema import HEADER, EventSchema
from connectors.salesforce.simulator.text_diff import TextDiff

__all__ = ["LARGEST_EVENT", "avro", "change_payload"]

LARGEST_EVENT = 1_000_000


def change_payload(
    event: ChangeEvent, kind: ObjectType, schema: EventSchema, hidden: frozenset[str]
) -> bytes:
    """Give the payload of a change, without the values of fields that its receiver may not see.

    What would be larger than an event may be becomes a gap event.
    """
    written = avro(schema, _record(event, kind, schema, hidden))
    if len(written) <= LARGEST_EVENT:
        return written
    return avro(schema, {HEADER: _header(event, f"GAP_{event.change_type}")})


def avro(schema: EventSchema, record: Mapping[str, Any]) -> bytes:
    """Write a record without any container. Raises what fastavro raises for a value of a wrong type."""
    out = BytesIO()
    schemaless_writer(out, schema.parsed, record)
    return out.getvalue()


def _record(
    event: ChangeEvent, kind: ObjectType, schema: EventSchema, hidden: frozenset[str]
) -> dict[str, Any]:
    shown = {name: value for name, value in event.body.items() if name not in hidden}
    changed = [item.name for item in event.changed if item.name not in hidden]
    record: dict[str, Any] = {}
    for name, value in shown.items():
        item = kind.find(name)
        if item is not None and item.compound:
            record.setdefault(item.compound, {})[item.component] = _avro_value(value)
        else:
            record[name] = _avro_value(value)
    record[HEADER] = _header(
        event,
        event.change_type,
        changedFields=bitmaps.encode(changed, schema.places),
        nulledFields=bitmaps.encode((name for name in changed if shown.get(name) is None), schema.places),
        diffFields=bitmaps.encode(
            (name for name, value in shown.items() if isinstance(value, TextDiff)), schema.places
        ),
    )
    return record


def _header(event: ChangeEvent, change_type: str, **maps: list[str]) -> dict[str, Any]:
    return {
        "entityName": event.entity,
        "recordIds": list(event.record_ids),
        "changeType": change_type,
        "changeOrigin": event.change_origin,
        "transactionKey": event.transaction_key,
        "sequenceNumber": event.sequence_number,
        "commitTimestamp": int(event.committed_at.timestamp() * 1_000),
        "commitNumber": event.commit_number,
        "commitUser": event.commit_user,
        **{name: maps.get(name, []) for name in ("nulledFields", "diffFields", "changedFields")},
    }


def _avro_value(value: Value | TextDiff) -> object:
    if isinstance(value, TextDiff):
        return value.diff
    if isinstance(value, datetime):
        return int(value.timestamp() * 1_000)
    if isinstance(value, date):
        midnight = datetime(value.year, value.month, value.day, tzinfo=UTC)
        return int(midnight.timestamp() * 1_000)
    if isinstance(value, Decimal):
        return float(value)
    return value

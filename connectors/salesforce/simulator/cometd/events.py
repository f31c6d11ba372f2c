"""Change events as they stand in a CometD message.

Source: Change Data Capture Developer Guide, "Change Event Message Structure".
"""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson

from connectors.salesforce.simulator.change_drafts import Body
from connectors.salesforce.simulator.changes import ChangeEvent, event_name
from connectors.salesforce.simulator.objects import ObjectType, Value
from connectors.salesforce.simulator.text_diff import TextDiff

__all__ = ["LARGEST_EVENT", "enriched", "rendered", "schema_id"]

LARGEST_EVENT = 1_000_000
_SCHEMA_ID = 22


def schema_id(kind: ObjectType) -> str:
    """Give the id of an object's event schema; it changes when a field comes or goes."""
    fields = ",".join(item.name for item in kind.fields)
    digest = hashlib.sha256(f"{kind.name}:{fields}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_SCHEMA_ID]


def rendered(event: ChangeEvent, kind: ObjectType, hidden: frozenset[str]) -> bytes:
    """Give the JSON of a message's `data`, without the fields that its receiver may not see."""
    known = event.rendered.get(hidden)
    if known is None:
        known = _data(event, kind, event.change_type, hidden, event.body)
        if len(known) > LARGEST_EVENT:
            known = _data(event, kind, f"GAP_{event.change_type}", hidden, {})
        event.rendered[hidden] = known
    return known


def enriched(
    event: ChangeEvent, kind: ObjectType, hidden: frozenset[str], record_id: str, body: Body
) -> bytes:
    """Give the JSON of `data` for one record of an event, with fields that the event did not hold itself."""
    return _data(replace(event, record_ids=(record_id,)), kind, event.change_type, hidden, body)


def _data(
    event: ChangeEvent,
    kind: ObjectType,
    change_type: str,
    hidden: frozenset[str],
    fields: Body,
) -> bytes:
    changed = [event_name(item) for item in event.changed if item.name not in hidden] if fields else []
    header = {
        "entityName": event.entity,
        "recordIds": event.record_ids,
        "changeType": change_type,
        "changeOrigin": event.change_origin,
        "transactionKey": event.transaction_key,
        "sequenceNumber": event.sequence_number,
        "commitTimestamp": int(event.committed_at.timestamp() * 1_000),
        "commitNumber": event.commit_number,
        "commitUser": event.commit_user,
        "changedFields": changed,
    }
    payload: dict[str, Any] = {"ChangeEventHeader": header}
    for name, value in fields.items():
        if name in hidden:
            continue
        item = kind.find(name)
        if item is not None and item.compound:
            payload.setdefault(item.compound, {})[item.component] = _json(value)
        else:
            payload[name] = _json(value)
    return orjson.dumps(
        {"schema": schema_id(kind), "payload": payload, "event": {"replayId": event.replay_id}}
    )


def _json(value: Value | TextDiff) -> object:
    if isinstance(value, TextDiff):
        return {"diff": value.diff}
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value

"""One Bayeux message into changes: pure, no socket, no clock.

Source: Change Data Capture Developer Guide, "Change Event Message Structure", "ChangeEventHeader Fields",
"Merged Change Events", "Gap Events".
"""

import json
import reprlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors.ports import Malformed, Received
from schemas.change import Change
from schemas.errors import UnreadableError
from schemas.ids import change_id, id18

__all__ = ["decode"]

_HEADER = "ChangeEventHeader"
_TRANSPORT = "cometd"
_LONGEST_REASON = 300
_LONG_BITS = 63


def decode(message: Mapping[str, Any], *, org_id: str, channel: str, at: datetime) -> Received:
    """Give what one event message says: a change for each record it names, or an error with the raw message.

    `channel` is the subscription, `at` the moment of arrival. Gap, overflow and wildcard events become
    changes with their kinds and with the ids they carry; keys that are not known stay in the body. A message
    without a replay id still counts as received, with an empty one, which no checkpoint takes.
    """
    replay_id = _replay_id(message)
    try:
        changes = _changes(message, org_id, channel, replay_id)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        malformed = UnreadableError(
            f"an event that cannot be read: {type(error).__name__} {error}"[:_LONGEST_REASON],
            on=f"{channel}, replay id {replay_id or 'missing'}",
        )
        return Received(channel, replay_id, (), at, malformed=Malformed(_raw(message), malformed))
    return Received(channel, replay_id, changes, at)


def _raw(message: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(message, default=str).encode()
    except RecursionError:
        return reprlib.repr(message).encode()


def _replay_id(message: Mapping[str, Any]) -> str:
    data = message.get("data")
    event = data.get("event") if isinstance(data, dict) else None
    found = event.get("replayId") if isinstance(event, dict) else None
    return str(found) if isinstance(found, (int, str)) and not isinstance(found, bool) else ""


def _changes(message: Mapping[str, Any], org_id: str, channel: str, replay_id: str) -> tuple[Change, ...]:
    if not replay_id:
        raise ValueError("it has no replay id")
    payload = message["data"]["payload"]
    header = payload[_HEADER]
    record_ids = [_record_id(text) for text in _texts(header, "recordIds")]
    if not record_ids:
        raise ValueError("it names no record")
    entity = _text(header, "entityName")
    key = _text(header, "transactionKey")
    sequence = _number(header, "sequenceNumber")
    committed = datetime.fromtimestamp(_number(header, "commitTimestamp") / 1000, UTC)
    body = orjson.dumps({name: value for name, value in payload.items() if name != _HEADER})
    return tuple(
        Change(
            id=change_id(org_id, entity, key, sequence, record_id),
            org_id=org_id,
            entity=entity,
            record_id=record_id,
            change_type=_text(header, "changeType"),
            changed_fields=tuple(_texts(header, "changedFields", ())),
            commit_time=committed,
            commit_number=_number(header, "commitNumber", 0),
            commit_user=_text(header, "commitUser", ""),
            transaction_key=key,
            sequence_number=sequence,
            change_origin=_text(header, "changeOrigin", ""),
            channel=channel,
            replay_id=replay_id,
            transport=_TRANSPORT,
            records_in_event=len(record_ids),
            body=body,
        )
        for record_id in record_ids
    )


def _record_id(text: str) -> str:
    """Give the 18-character id; a wildcard such as `006*` and what is no id stay as they came."""
    try:
        return id18(text)
    except UnreadableError:
        return text


def _text(header: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = header[name] if default is None else header.get(name, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or (default is None and not value):
        raise TypeError(f"{name} is no text")
    return value


def _texts(header: Mapping[str, Any], name: str, default: tuple[str, ...] | None = None) -> list[str]:
    value = header[name] if default is None else (header.get(name) or default)
    if not isinstance(value, (list, tuple)) or not all(isinstance(each, str) for each in value):
        raise TypeError(f"{name} is no list of texts")
    return list(value)


def _number(header: Mapping[str, Any], name: str, default: int | None = None) -> int:
    value = header[name] if default is None else header.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value.bit_length() > _LONG_BITS:
        raise TypeError(f"{name} is no whole number of 64 bits")
    return value

"""Records to bytes and back: Avro in Confluent's wire format, with CloudEvents headers beside it.

Wire format: one magic byte 0, the schema's id in the registry as a big-endian 32-bit number, the Avro body
(Confluent Schema Registry, "Wire format"). Headers: CloudEvents 1.0 Kafka protocol binding, binary mode.
A codec holds no connection: somebody gives it the ids (`Codec.learn`), and an id it was not given is an
`UnknownSchemaError`, which the caller may answer by asking the registry and decoding once more.
"""

import io
import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import fastavro
from fastavro.schema import SchemaParseException
from pydantic import ValidationError

from schemas.account import Account
from schemas.base import Record
from schemas.contracts import RECORDS, contract
from schemas.errors import (
    BrokenInvariantError,
    TruncatedError,
    UnknownSchemaError,
    UnreadableError,
    WrongMagicError,
)
from schemas.task import Task

MAGIC = 0
_PREFIX = struct.Struct(">bI")
Headers = list[tuple[str, bytes]]


@cache
def _own_schema(record: type[Record]) -> Any:
    return fastavro.parse_schema(json.loads(contract(record)))


def _record_named(name: str) -> type[Record] | None:
    return next((record for record in RECORDS.values() if f"dealwire.{record.__name__}" == name), None)


@dataclass(slots=True)
class Codec:
    """Encodes with our own contract, decodes with whichever version the writer used.

    `on` in the errors is left empty: the caller knows topic, partition and offset.
    """

    _ids: dict[type[Record], int] = field(default_factory=dict)
    _writers: dict[int, tuple[type[Record], Any]] = field(default_factory=dict)

    def learn(self, schema_id: int, schema: str | Mapping[str, Any]) -> None:
        """Take in one schema of the registry. Raises `UnreadableError` if it is not one of ours."""
        content = json.loads(schema) if isinstance(schema, str) else dict(schema)
        try:
            parsed = fastavro.parse_schema(content)
        except (SchemaParseException, KeyError, TypeError, ValueError) as error:
            raise UnreadableError(f"schema id {schema_id} is not an Avro schema: {error}") from error
        name = parsed.get("name", "") if isinstance(parsed, dict) else ""
        record = _record_named(name)
        if record is None:
            raise UnreadableError(f"schema id {schema_id} describes {name!r}, which is no record of ours")
        self._writers[schema_id] = (record, parsed)
        if content == json.loads(contract(record)):
            self._ids[record] = schema_id

    def knows(self, records: Iterable[type[Record]]) -> bool:
        """Whether every one of these record types can be written."""
        return all(record in self._ids for record in records)

    def encode(self, record: Record) -> bytes:
        """Give the wire bytes of a record. Its schema must have been learned."""
        try:
            schema_id = self._ids[type(record)]
        except KeyError:
            raise BrokenInvariantError(
                f"the schema of {record.ce_type} has no id",
                todo="Register the contracts first: dealwire topics apply",
            ) from None
        out = io.BytesIO()
        out.write(_PREFIX.pack(MAGIC, schema_id))
        fastavro.schemaless_writer(out, _own_schema(type(record)), record.model_dump())
        return out.getvalue()

    def decode(self, data: bytes) -> Record:
        """Read a record back.

        Raises `WrongMagicError`, `TruncatedError`, `UnknownSchemaError` or `UnreadableError`; never anything
        else, whatever the bytes.
        """
        if not data or data[0] != MAGIC:
            raise WrongMagicError(data[:1])
        if len(data) < _PREFIX.size:
            raise TruncatedError(len(data))
        schema_id = _PREFIX.unpack_from(data)[1]
        if schema_id not in self._writers:
            raise UnknownSchemaError(schema_id)
        record, writer = self._writers[schema_id]
        body = io.BytesIO(data)
        body.seek(_PREFIX.size)
        try:
            values = fastavro.schemaless_reader(body, writer, _own_schema(record))
        except EOFError:
            raise TruncatedError(len(data)) from None
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            OverflowError,
            ArithmeticError,
            MemoryError,
            RecursionError,
            struct.error,
            fastavro.read.SchemaResolutionError,
        ) as error:
            raise UnreadableError(
                f"not readable as {record.ce_type} with schema id {schema_id}: {type(error).__name__} {error}"
            ) from error
        left = len(data) - body.tell()
        if left:
            raise UnreadableError(
                f"{left} bytes are left over after {record.ce_type} (schema id {schema_id})"
            )
        try:
            return record.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise UnreadableError(f"{record.ce_type} with a wrong {place}: {first['msg']}") from None


def _event_id(record: Record) -> str:
    """Give what tells this event from others: of a state that is told again as it changes, its revision."""
    return f"{record.id}:{record.revision}" if isinstance(record, Account | Task) else record.id


def cloudevents_headers(
    record: Record, *, subject: str, time: str, cause: str = "", run: str = "", traceparent: str = ""
) -> Headers:
    """Give the CloudEvents headers of a record.

    `subject` is the Kafka key as text, `time` RFC 3339, `cause` the id of the record that caused this one
    (`ce_causationid`), `run` the run it belongs to (`ce_correlationid`), `traceparent` W3C trace context.
    """
    headers = {
        "ce_specversion": "1.0",
        "ce_id": _event_id(record),
        "ce_type": record.ce_type,
        "ce_source": f"/salesforce/{record.org_id}" if record.org_id else "/dealwire",
        "ce_subject": subject,
        "ce_time": time,
        "content-type": "application/avro",
        "ce_causationid": cause,
        "ce_correlationid": run,
        "traceparent": traceparent,
    }
    return [(name, value.encode()) for name, value in headers.items() if value]

"""Bytes and back; and whatever the bytes are, a typed error that says what was found."""

import io
import json
import struct
from datetime import UTC, date, datetime
from decimal import Decimal

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.account import Account, ContactPoint
from schemas.codec import Codec, cloudevents_headers
from schemas.contracts import RECORDS, contract
from schemas.deal import CustomValue
from schemas.errors import (
    BrokenInvariantError,
    DecodeError,
    TruncatedError,
    UnknownSchemaError,
    UnreadableError,
    WrongMagicError,
)
from schemas.stage import StageEntry


def codec() -> Codec:
    made = Codec()
    for number, record in enumerate(RECORDS.values(), start=1):
        made.learn(number, contract(record))
    return made


ENTRY = StageEntry(
    id="e1",
    org_id="00D5g000000Jm5XEAS",
    opportunity_id="0065g00000Zk1QaAAJ",
    stage="Closed Won",
    entered_at=datetime(2026, 9, 15, 8, 30, 12, tzinfo=UTC),
)

ACCOUNT = Account(
    id="a1",
    org_id="00D5g000000Jm5XEAS",
    key="00D5g000000Jm5XEAS:0065g00000Zk1QaAAJ",
    name="Größe & Söhne ☕",
    arr=Decimal("120000.5000"),
    currency="EUR",
    close_date=date(2026, 9, 30),
    primary_contact=ContactPoint(name="Kim", email="kim@customer.example"),
    custom={"Region__c": CustomValue(type="picklist", value="EMEA")},
)


@pytest.mark.parametrize("record", [ENTRY, ACCOUNT])
def test_a_record_comes_back_as_it_was(record: StageEntry | Account) -> None:
    assert codec().decode(codec().encode(record)) == record


def test_the_wire_format_is_confluents() -> None:
    data = codec().encode(ENTRY)
    magic, schema_id = struct.unpack_from(">bI", data)
    assert magic == 0
    schema = fastavro.parse_schema(json.loads(contract(StageEntry)))
    read = fastavro.schemaless_reader(io.BytesIO(data[5:]), schema, None)
    assert schema_id == list(RECORDS.values()).index(StageEntry) + 1
    assert isinstance(read, dict)
    assert read["stage"] == "Closed Won"


def test_a_record_of_an_older_contract_is_read_with_the_defaults_of_today() -> None:
    older = json.loads(contract(StageEntry))
    older["fields"] = [field for field in older["fields"] if field["name"] not in {"late", "change_id"}]
    writer = fastavro.parse_schema(older)
    body = io.BytesIO()
    fastavro.schemaless_writer(body, writer, ENTRY.model_dump())
    reader = codec()
    reader.learn(77, older)
    assert reader.decode(struct.pack(">bI", 0, 77) + body.getvalue()) == ENTRY


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (b"", WrongMagicError, "found nothing"),
        (b'{"id": 1}', WrongMagicError, "found 0x7b"),
        (b"\x00\x00\x00", TruncatedError, "after 3 bytes"),
        (b"\x00\x00\x00\x03\xe7abc", UnknownSchemaError, "schema id 999"),
        (codec().encode(ENTRY)[:-1], TruncatedError, "ends early"),
        (codec().encode(ENTRY) + b"x", UnreadableError, "1 bytes are left over"),
    ],
)
def test_wrong_bytes_are_told_apart(data: bytes, error: type[DecodeError], says: str) -> None:
    with pytest.raises(error, match=says):
        codec().decode(data)


@given(st.sampled_from(range(1, len(RECORDS) + 1)), st.binary(max_size=200))
def test_no_bytes_make_anything_but_a_record_or_a_typed_error(schema_id: int, body: bytes) -> None:
    try:
        codec().decode(struct.pack(">bI", 0, schema_id) + body)
    except DecodeError as error:
        assert str(error)  # noqa: PT017 - success is allowed too


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "record", "name": "Stranger", "fields": []}, "no record of ours"),
        ({"type": "nonsense"}, "not an Avro schema"),
    ],
)
def test_a_schema_that_is_not_ours_is_refused(schema: dict[str, object], says: str) -> None:
    with pytest.raises(UnreadableError, match=says):
        Codec().learn(1, schema)


def test_an_unregistered_contract_says_what_to_type() -> None:
    with pytest.raises(BrokenInvariantError, match="dealwire topics apply"):
        Codec().encode(ENTRY)


def test_headers_are_cloudevents() -> None:
    headers = dict(
        cloudevents_headers(
            ENTRY, subject="k", time="2026-09-15T08:30:12Z", cause="c", traceparent="00-ab-cd-01"
        )
    )
    assert headers == {
        "ce_specversion": b"1.0",
        "ce_id": b"e1",
        "ce_type": b"dealwire.opportunity.stage",
        "ce_source": b"/salesforce/00D5g000000Jm5XEAS",
        "ce_subject": b"k",
        "ce_time": b"2026-09-15T08:30:12Z",
        "content-type": b"application/avro",
        "ce_causationid": b"c",
        "traceparent": b"00-ab-cd-01",
    }

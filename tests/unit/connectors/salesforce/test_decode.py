import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ports import Received
from connectors.salesforce.decode import decode
from schemas.ids import change_id

ORG, CHANNEL = "00D5g000000Jm5XEAS", "/data/ChangeEvents"
AT = datetime(2026, 9, 15, 8, 30, 13, tzinfo=UTC)
OPP = "0065g00000Zk1QaAAJ"


def message(**header: Any) -> dict[str, Any]:
    return {
        "channel": "/data/OpportunityChangeEvent",
        "data": {
            "schema": "Qm1tExampleSchemaId0000A",
            "payload": {
                "ChangeEventHeader": {
                    "entityName": "Opportunity",
                    "recordIds": [OPP],
                    "changeType": "UPDATE",
                    "changeOrigin": "com/salesforce/api/rest/66.0;client=acme",
                    "transactionKey": "0009e3f4-12bb-4c57-8d6e-a1907c42d5e8",
                    "sequenceNumber": 1,
                    "commitTimestamp": 1789461012000,
                    "commitNumber": 11820931990001,
                    "commitUser": "0055g000004Tz8WAAS",
                    "changedFields": ["StageName", "LastModifiedDate"],
                    **header,
                },
                "StageName": "Closed Won",
                "Amount": 40000.0,
            },
            "event": {"replayId": 421340},
        },
    }


def read(given_message: dict[str, Any]) -> Received:
    return decode(given_message, org_id=ORG, channel=CHANNEL, at=AT)


def test_an_update_becomes_one_change_with_what_was_sent() -> None:
    received = read(message())
    (change,) = received.changes
    assert (received.replay_id, received.channel, received.at, received.malformed) == (
        "421340", CHANNEL, AT, None,
    )  # fmt: skip
    assert change.id == change_id(ORG, "Opportunity", "0009e3f4-12bb-4c57-8d6e-a1907c42d5e8", 1, OPP)
    assert (change.record_id, change.change_type, change.changed_fields) == (
        OPP, "UPDATE", ("StageName", "LastModifiedDate"),
    )  # fmt: skip
    assert change.commit_time == datetime(2026, 9, 15, 8, 30, 12, tzinfo=UTC)
    assert json.loads(change.body) == {"StageName": "Closed Won", "Amount": 40000.0}


def test_a_merged_event_becomes_one_change_for_each_record() -> None:
    ids = [OPP, "0065g00000Zk1QbAAJ", "0065g00000Zk1Qc"]
    changes = read(message(recordIds=ids)).changes
    assert [change.record_id for change in changes] == [OPP, "0065g00000Zk1QbAAJ", "0065g00000Zk1QcAAJ"]
    assert len({change.id for change in changes}) == 3
    assert {change.records_in_event for change in changes} == {3}
    assert {change.body for change in changes} == {changes[0].body}


@pytest.mark.parametrize(
    ("kind", "record", "kept"),
    [
        ("GAP_UPDATE", OPP, OPP),
        ("GAP_OVERFLOW", "000000000000000AAA", "000000000000000AAA"),
        ("UPDATE", "006*", "006*"),
        ("DELETE", "0065g00000Zk1Qa", OPP),
    ],
)
def test_gaps_overflows_and_wildcards_are_changes_of_their_kind(kind: str, record: str, kept: str) -> None:
    given_message = message(changeType=kind, recordIds=[record], changedFields=[])
    (change,) = read(given_message).changes
    assert (change.change_type, change.record_id) == (kind, kept)


def test_what_is_not_known_yet_is_kept_or_left() -> None:
    given_message = message(isTransactionEnd=True, nulledFields=None)
    given_message["data"]["payload"]["New__c"] = {"deep": [1, None]}
    given_message["data"]["event"]["EventUuid"] = "x"
    (change,) = read(given_message).changes
    assert json.loads(change.body)["New__c"] == {"deep": [1, None]}


def test_optional_header_fields_may_be_absent() -> None:
    given_message = message()
    header = given_message["data"]["payload"]["ChangeEventHeader"]
    for name in ("changedFields", "changeOrigin", "commitNumber", "commitUser"):
        del header[name]
    (change,) = read(given_message).changes
    assert change.changed_fields == ()


BROKEN: list[dict[str, Any]] = [
    {},
    {"data": None},
    {"data": {"event": {"replayId": 5}}},
    {"data": {"payload": {}, "event": {"replayId": 5}}},
    message(recordIds=[]),
    message(recordIds="006"),
    message(recordIds=[5]),
    message(entityName=None),
    message(entityName=""),
    message(commitTimestamp="soon"),
    message(commitTimestamp=10**18),
    message(commitNumber=2**63),
    message(sequenceNumber=True),
    message(changedFields="StageName"),
    {**message(), "data": {**message()["data"], "event": {}}},
    {**message(), "data": {**message()["data"], "event": {"replayId": True}}},
]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
def test_a_malformed_event_is_kept_whole_with_a_typed_error(broken: dict[str, Any]) -> None:
    received = read(broken)
    assert received.changes == ()
    assert received.malformed is not None
    assert json.loads(received.malformed.raw) == broken
    assert str(received.malformed.error)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
header_names = st.sampled_from(sorted(message()["data"]["payload"]["ChangeEventHeader"]))


@given(st.dictionaries(header_names, json_values, max_size=4), json_values)
def test_no_header_breaks_the_decoder(header: dict[str, Any], extra: object) -> None:
    given_message = message(**header)
    given_message["data"]["payload"]["Extra"] = extra
    received = read(given_message)
    assert (received.malformed is None) == bool(received.changes)


def test_an_event_nested_without_end_is_set_aside() -> None:
    given_message = message()
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    given_message["data"]["payload"]["Deep"] = deep
    received = read(given_message)
    assert received.malformed is not None
    assert received.malformed.raw

"""How a change event looks on the wire of the Streaming API."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.salesforce.simulator.changes import api_origin
from connectors.salesforce.simulator.cometd.events import LARGEST_EVENT, rendered, schema_id
from connectors.salesforce.simulator.org import Org

NOTHING: frozenset[str] = frozenset()


def last(org: Org, hidden: frozenset[str] = NOTHING) -> dict[str, Any]:
    event = list(org.changes.after(0))[-1]
    data: dict[str, Any] = json.loads(rendered(event, org.objects[event.entity], hidden))
    return data


def a_deal(org: Org, **fields: object) -> str:
    with org.transaction(org.admin_id, api_origin("66.0", "acme_sync")) as tx:
        given = {"Name": "A deal", "StageName": "Prospecting", "CloseDate": "2026-09-30", "Amount": 40_000}
        return tx.create("Opportunity", given | fields)


def test_a_create_carries_every_field_that_is_not_empty() -> None:
    org = Org(jitter_seconds=0)
    deal = a_deal(org)
    data = last(org)
    header = data["payload"].pop("ChangeEventHeader")
    key, number = header.pop("transactionKey"), header.pop("commitNumber")
    assert [len(part) for part in key.split("-")] == [8, 4, 4, 4, 12]
    assert number > 0
    assert header == {
        "entityName": "Opportunity",
        "recordIds": [deal],
        "changeType": "CREATE",
        "changeOrigin": "com/salesforce/api/rest/66.0;client=acme_sync",
        "sequenceNumber": 1,
        "commitTimestamp": 1_789_374_612_000,
        "commitUser": org.admin_id,
        "changedFields": [],
    }
    assert data["payload"] == {
        "IsPrivate": False,
        "Name": "A deal",
        "StageName": "Prospecting",
        "Amount": 40_000.0,
        "Probability": 10.0,
        "CloseDate": "2026-09-30",
        "IsClosed": False,
        "IsWon": False,
        "ForecastCategory": "Pipeline",
        "ForecastCategoryName": "Pipeline",
        "HasOpportunityLineItem": False,
        "OwnerId": org.admin_id,
        "CreatedDate": "2026-09-14T08:30:12Z",
        "CreatedById": org.admin_id,
        "LastModifiedDate": "2026-09-14T08:30:12Z",
        "LastModifiedById": org.admin_id,
    }
    assert set(data) == {"schema", "payload", "event"}
    assert data["event"] == {"replayId": org.changes.newest}
    assert data["schema"] == schema_id(org.objects["Opportunity"])


def test_an_update_carries_what_changed_and_says_so() -> None:
    org = Org(jitter_seconds=0)
    deal = a_deal(org)
    org.clock.set(datetime(2026, 9, 15, 8, 30, 12, tzinfo=UTC))
    with org.transaction(org.admin_id) as tx:
        tx.update("Opportunity", deal, {"StageName": "Closed Won"})
    payload = last(org)["payload"]
    assert payload.pop("ChangeEventHeader")["changedFields"] == [
        "StageName",
        "Probability",
        "IsClosed",
        "IsWon",
        "ForecastCategory",
        "ForecastCategoryName",
        "LastModifiedDate",
        "LastStageChangeDate",
    ]
    assert payload == {
        "StageName": "Closed Won",
        "Probability": 100.0,
        "IsClosed": True,
        "IsWon": True,
        "ForecastCategory": "Closed",
        "ForecastCategoryName": "Closed",
        "LastModifiedDate": "2026-09-15T08:30:12Z",
        "LastStageChangeDate": "2026-09-15T08:30:12Z",
    }


def test_compound_fields_are_nested_and_null_where_set_to_null() -> None:
    org = Org()
    with org.transaction(org.admin_id) as tx:
        account = tx.create("Account", {"Name": "Acme", "BillingStreet": "1 Main St", "BillingCity": "Oslo"})
        contact = tx.create("Contact", {"FirstName": "Given", "LastName": "Family", "AccountId": account})
    payload = last(org)["payload"]
    assert payload["Name"] == {"FirstName": "Given", "LastName": "Family"}
    with org.transaction(org.admin_id) as tx:
        tx.update("Account", account, {"BillingStreet": "2 Main St", "BillingCity": None})
    payload = last(org)["payload"]
    assert payload["BillingAddress"] == {"Street": "2 Main St", "City": None}
    assert payload["ChangeEventHeader"]["changedFields"] == [
        "BillingAddress.Street",
        "BillingAddress.City",
        "LastModifiedDate",
    ]
    with org.transaction(org.admin_id) as tx:
        tx.update("Contact", contact, {"FirstName": "Other"})
    assert last(org)["payload"]["Name"] == {"FirstName": "Other"}


def test_a_delete_and_a_gap_are_header_only() -> None:
    org = Org()
    deal = a_deal(org)
    with org.transaction(org.admin_id) as tx:
        tx.delete("Opportunity", deal)
    assert list(last(org)["payload"]) == ["ChangeEventHeader"]
    org.changes.append_gap("Opportunity", [deal], "GAP_UPDATE", org.admin_id)
    payload = last(org)["payload"]
    assert list(payload) == ["ChangeEventHeader"]
    assert (payload["ChangeEventHeader"]["changeType"], payload["ChangeEventHeader"]["recordIds"]) == (
        "GAP_UPDATE",
        [deal],
    )


def test_hidden_fields_are_left_out_of_body_and_header() -> None:
    org = Org()
    deal = a_deal(org)
    org.clock.advance(timedelta(hours=1))
    with org.transaction(org.admin_id) as tx:
        tx.update("Opportunity", deal, {"Amount": 5, "NextStep": "Call"})
    hidden = last(org, frozenset({"Amount"}))["payload"]
    assert hidden.pop("ChangeEventHeader")["changedFields"] == ["NextStep", "LastModifiedDate"]
    assert set(hidden) == {"NextStep", "LastModifiedDate"}
    assert "Amount" in last(org)["payload"]


def test_an_event_of_more_than_a_megabyte_becomes_a_gap() -> None:
    org = Org()
    with org.transaction(org.admin_id) as tx:
        tx.create("Account", {"Name": "Acme"})
    (event,) = org.changes.after(0)
    big = {f"Field{number}": "x" * 30_000 for number in range(LARGEST_EVENT // 30_000 + 1)}
    payload = json.loads(rendered(replace(event, body=big), org.objects["Account"], NOTHING))["payload"]
    assert list(payload) == ["ChangeEventHeader"]
    assert payload["ChangeEventHeader"]["changeType"] == "GAP_CREATE"


def test_a_long_text_is_sent_as_its_difference() -> None:
    org = Org()
    lines = [f"line {number} of a long description" for number in range(50)]
    deal = a_deal(org, Description="\n".join(lines))
    assert last(org)["payload"]["Description"] == "\n".join(lines)
    new = "\n".join([*lines[:10], "another line", *lines[11:]])
    with org.transaction(org.admin_id) as tx:
        tx.update("Opportunity", deal, {"Description": new})
    digest = hashlib.sha256(new.encode()).hexdigest()
    assert last(org)["payload"]["Description"] == {
        "diff": f"--- \n+++ {digest}\n@@ -11 +11 @@\n-line 10 of a long description\n+another line"
    }
    for text in ("short", "x" * 2_000):
        with org.transaction(org.admin_id) as tx:
            tx.update("Opportunity", deal, {"Description": text})
        assert last(org)["payload"]["Description"] == text


def test_a_schema_id_changes_with_the_fields() -> None:
    ids = {schema_id(kind) for kind in Org().objects.values()}
    assert len(ids) == len(Org().objects)
    assert {len(each) for each in ids} == {22}

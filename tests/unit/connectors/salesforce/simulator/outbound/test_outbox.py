"""Outbound Messages of the simulated org: what is sent, in which words, how often, and when given up."""

from datetime import timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from connectors.salesforce.outbound.notifications import read_notifications
from connectors.salesforce.outbound.replies import ACK, fault
from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.outbound.control import FIELDS
from connectors.salesforce.simulator.outbound.soap import envelope, is_acknowledged, wsdl
from tests.fixtures.polled_org import deal_in, update

SF = "{urn:sobject.enterprise.soap.sforce.com}"
OUT = "{http://soap.sforce.com/2005/09/outbound}"


@pytest.fixture
def org() -> Org:
    made = Org(jitter_seconds=0)
    made.outbound.define("Stage", "http://127.0.0.1:1/outbound", (*FIELDS, "Amount", "IsWon", "CloseDate"))
    return made


def test_what_is_created_or_moves_is_told_and_nothing_else(org: Org) -> None:
    deal = deal_in(org)
    update(org, deal, Name="another name")
    assert org.outbound.waiting("Stage") == 1
    update(org, deal, StageName="Closed Won")
    assert org.outbound.waiting("Stage") == 2
    undone = org.transaction(org.admin_id)
    undone.update("Opportunity", deal, {"StageName": "Closed Lost"})
    undone.__exit__(RuntimeError, RuntimeError(), None)
    assert org.outbound.waiting("Stage") == 2


def test_a_message_holds_a_hundred_and_the_latest_values(org: Org) -> None:
    deals = [deal_in(org) for _ in range(130)]
    update(org, deals[0], StageName="Closed Won", Amount=1200, Name="<A & B>")
    first, second = org.outbound.due()
    assert (len(first.waiting), len(second.waiting)) == (100, 31)
    body = envelope(org, first)
    read = read_notifications(body)
    assert (read.org_id, list(read.deals)) == (org.org_id, deals[:100])
    tree = ET.fromstring(body)  # noqa: S314 - written by ourselves
    told = {each.tag.removeprefix(SF): each.text for each in next(tree.iter(f"{OUT}Notification"))[1]}
    assert (told["StageName"], told["Name"], told["IsWon"]) == ("Closed Won", "<A & B>", "true")
    assert told["Amount"] == "1200.00"
    assert (told["LastStageChangeDate"] or "").endswith(".000Z")
    ids = [each.text for each in tree.iter(f"{OUT}Id")]
    assert len(set(ids)) == 100
    assert all((each or "").startswith("04l") for each in ids)


def test_what_the_user_to_send_as_may_not_see_is_left_out(org: Org) -> None:
    org.access.hide("Opportunity", "Amount", org.integration_user_id)
    deal = deal_in(org)
    update(org, deal, Amount=5, StageName="Closed Won")
    (batch,) = org.outbound.due()
    assert b"sf:Amount" not in envelope(org, batch)


def test_what_is_not_acknowledged_comes_again_later_each_time_and_is_dropped_after_a_day(org: Org) -> None:
    deal_in(org)
    began, tries = org.clock.now(), []
    while org.outbound.waiting("Stage"):
        for batch in org.outbound.due():
            tries.append(org.clock.now() - began)
            org.outbound.refused(batch)
        org.clock.advance(timedelta(seconds=5))
    pauses = [later - sooner for sooner, later in pairwise(tries)]
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(seconds=5)
    assert max(pauses) == timedelta(hours=2)
    assert max(tries) < timedelta(hours=24) <= org.clock.now() - began
    assert (org.outbound.dropped, org.outbound.delivered) == (1, 0)


def test_twice_and_out_of_order(org: Org) -> None:
    deals = [deal_in(org) for _ in range(3)]
    org.outbound.twice, org.outbound.out_of_order = 1, True
    for left in (3, 0):
        (batch,) = org.outbound.due()
        assert [row["Id"] for _, row in batch.records] == deals[::-1]
        org.outbound.acknowledged(batch)
        assert org.outbound.waiting("Stage") == left
    org.outbound.paused = True
    deal_in(org)
    assert org.outbound.due() == []


def test_a_deal_that_is_gone_by_then_is_not_told(org: Org) -> None:
    deal = deal_in(org)
    with org.transaction(org.admin_id) as tx:
        tx.delete("Opportunity", deal)
    (batch,) = org.outbound.due()
    assert (len(batch.waiting), batch.records) == (1, ())


@pytest.mark.parametrize(
    ("status", "kind", "body", "expected"),
    [
        (200, "text/xml; charset=utf-8", ACK.encode(), True),
        (200, "text/xml", ACK.replace("true", "false").encode(), False),
        (500, "text/xml", ACK.encode(), False),
        (200, "application/json", ACK.encode(), False),
        (200, "text/xml", ACK.replace("2005/09/outbound", "2005/09/other").encode(), False),
        (200, "text/xml", fault("no", by_sender=True).encode(), False),
        (200, "text/xml", b"", False),
        (204, "text/xml", b"", False),
    ],
)
def test_only_an_ack_is_one(status: int, kind: str, body: bytes, expected: bool) -> None:
    assert is_acknowledged(status, kind, body) is expected


def test_the_wsdl_is_xml_that_names_endpoint_and_fields(org: Org) -> None:
    tree = ET.fromstring(wsdl(org, org.outbound.definitions["Stage"]))  # noqa: S314 - written by ourselves
    names = {each.get("name") for each in tree.iter("{http://www.w3.org/2001/XMLSchema}element")}
    assert {"Id", "StageName", "Amount", "Ack", "SessionId"} <= names
    (address,) = tree.iter("{http://schemas.xmlsoap.org/wsdl/soap/}address")
    assert address.get("location") == "http://127.0.0.1:1/outbound"


@pytest.mark.parametrize("fields", [("Nonsense",), ("StageName", "Nonsense")])
def test_a_field_that_there_is_not_is_refused(org: Org, fields: tuple[str, ...]) -> None:
    with pytest.raises(DmlError, match="Nonsense"):
        org.outbound.define("Other", "http://127.0.0.1:1/", fields)

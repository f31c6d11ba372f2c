"""What arrives as an Outbound Message, and what is made of hostile ones."""

import pytest

from connectors.salesforce.outbound.notifications import Notifications, read_notifications
from schemas.errors import DecodeError, UnreadableError
from tests.fixtures.outbound import DEAL, ORG, message

BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>"""


def test_a_message_names_its_org_and_its_deals_each_once() -> None:
    body = message([DEAL, "006000000000002AAA", DEAL], org=ORG[:15])
    assert read_notifications(body) == Notifications(ORG, (DEAL, "006000000000002AAA"))


def test_a_hundred_are_read_and_one_more_is_not() -> None:
    assert read_notifications(message([DEAL] * 100)).deals == (DEAL,)
    with pytest.raises(UnreadableError, match="101 notifications"):
        read_notifications(message([DEAL] * 101))


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"", "not XML"),
        (b'{"Ack": true}', "not XML"),
        (BOMB, "document type"),
        (b"<a>" * 50, "levels"),
        (message([DEAL]).replace(b"2005/09/outbound", b"2005/09/inbound"), "OrganizationId"),
        (message([DEAL]).replace(b"schemas.xmlsoap.org/soap", b"www.w3.org/2003/05/soap"), "SOAP 1.1"),
        (message([DEAL]).replace(b"urn:sobject.enterprise", b"urn:sobject.partner"), "sObject"),
        (message([]), "0 notifications"),
        (message(["001000000000001AAA"]), "no Opportunity"),
        (message(["0" * 5000]), "longer"),
        (message(["006' OR Id != '"]), "not a Salesforce record id"),
        (message([DEAL])[:-20], "not XML"),
        (message([DEAL]).replace(b"UTF-8", b"EBCDIC-XX"), "not XML"),
        (b"<a>" + b"<b/>" * 100_001 + b"</a>", "elements"),
    ],
)
def test_what_is_no_message_is_refused_and_said_why(body: bytes, wrong: str) -> None:
    with pytest.raises(DecodeError, match=wrong):
        read_notifications(body)

"""Faults by name as a client of the protocol sees them, and events that reach the bus late or as gaps."""

from datetime import timedelta

import pytest

from connectors.salesforce.simulator.cometd.bayeux import Bayeux
from connectors.salesforce.simulator.cometd.named_faults import (
    NAMES,
    REFUSALS,
    UnknownFaultError,
    inflict,
)
from connectors.salesforce.simulator.cometd.server import CometdServer
from tests.fixtures.bayeux import CHANNEL, Client, Message, change


@pytest.fixture
def server(bayeux: Bayeux) -> CometdServer:
    return CometdServer(bayeux)


def said(client: Client, channel: str) -> Message:
    if channel == "/meta/handshake":
        return client.shake()
    return client.connect() if channel == "/meta/connect" else client.subscribe()


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_a_refusal_is_told_as_often_as_ordered(client: Client, server: CometdServer, name: str) -> None:
    refusal = REFUSALS[name]
    inflict(server, name, times=2)
    reason = refusal.reason.replace("{client}", client.client_id).replace("{subscription}", CHANNEL)
    for _ in range(2):
        reply = said(client, refusal.channel)
        assert reply["successful"] is False
        told = reply["error"] if refusal.plain else reply["ext"]["sfdc"]["failureReason"]
        assert told == reason
    client.begin()
    assert client.subscribe()["successful"]


def test_an_unknown_client_is_told_as_salesforce_does(client: Client, server: CometdServer) -> None:
    inflict(server, "unknown-client")
    assert client.connect() == {
        "id": "7",
        "channel": "/meta/connect",
        "error": "403::Unknown client",
        "successful": False,
        "advice": {"reconnect": "handshake", "interval": 0},
    }


def test_a_silent_subscription_answers_and_gives_nothing_until_made_anew(
    client: Client, server: CometdServer
) -> None:
    client.subscribe()
    assert server.silence("/data/AccountChangeEvent") == 0
    assert server.silence(CHANNEL) == 1
    ids = change(client.org, 2)
    client.hold()
    assert client.poll() is None
    client.org.clock.advance(timedelta(seconds=110))
    answer = client.poll()
    assert answer is not None
    assert [(each["channel"], each["successful"]) for each in answer] == [("/meta/connect", True)]
    client.subscribe(replay=ids[0])
    assert client.events() == ids[1:]


def test_a_storm_of_advice_is_given_at_once_and_passes(client: Client, server: CometdServer) -> None:
    inflict(server, "advice-storm", times=2)
    for _ in range(2):
        assert client.connect()["advice"] == {"reconnect": "handshake", "interval": 0}
    client.hold()


def test_repeated_events_come_with_the_next_answer(client: Client, server: CometdServer) -> None:
    client.subscribe()
    inflict(server, "duplicates", times=2)
    first, second, third = change(client.org, 3)
    assert client.events() == [first, second, third]
    assert client.events() == [first, second]
    assert client.events() == []


def test_delayed_events_keep_their_order_and_their_commit_time(client: Client) -> None:
    org = client.org
    client.subscribe()
    org.changes.delay = timedelta(seconds=30)
    committed = org.clock.now()
    assert change(org) == []
    org.changes.delay = timedelta(0)
    assert change(org) == []
    assert client.events() == []
    assert org.changes.next_due == committed + timedelta(seconds=30)
    org.clock.advance(timedelta(seconds=30))
    late, new = client.events()
    assert late < new
    assert [event.committed_at for event in org.changes.after(0)] == [committed, committed]
    assert org.changes.next_due is None


def test_gaps_take_the_place_of_events(client: Client) -> None:
    org = client.org
    org.changes.gaps_to_come = 4
    with org.transaction(org.admin_id) as tx:
        deal = tx.create("Opportunity", {"Name": "A", "StageName": "Prospecting", "CloseDate": "2026-10-01"})
    for step in ("update", "delete", "undelete", "update"):
        org.clock.advance(timedelta(minutes=1))
        with org.transaction(org.admin_id) as tx:
            if step == "update":
                tx.update("Opportunity", deal, {"NextStep": "call"})
            else:
                getattr(tx, step)("Opportunity", deal)
    events = list(org.changes.after(0))
    assert [(event.change_type, event.record_ids) for event in events] == [
        (kind, (deal,)) for kind in ("GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "UPDATE")
    ]
    assert [bool(event.body) for event in events] == [False] * 4 + [True]


def test_a_name_that_there_is_not_is_refused_with_those_that_there_are(server: CometdServer) -> None:
    with pytest.raises(UnknownFaultError) as caught:
        inflict(server, "earthquake")
    assert all(name in caught.value.todo for name in NAMES)

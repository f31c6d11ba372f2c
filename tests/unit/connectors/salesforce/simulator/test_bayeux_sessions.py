"""Sessions of the Streaming API: handshake, held connects, silence, disconnect."""

import json
from datetime import timedelta

import pytest

from connectors.salesforce.simulator.cometd.bayeux import COOKIES, Bayeux
from tests.fixtures.bayeux import CHANNEL, Client, change

HANDSHAKE = {"interval": 0, "reconnect": "handshake"}


def test_handshake(bayeux: Bayeux) -> None:
    client = Client(bayeux)
    reply = client.shake()
    assert len(reply.pop("clientId")) == 27
    assert reply == {
        "id": "1",
        "channel": "/meta/handshake",
        "version": "1.0",
        "minimumVersion": "1.0",
        "supportedConnectionTypes": ["long-polling"],
        "ext": {"replay": True, "payload.format": True},
        "successful": True,
    }
    assert set(client.cookies) == set(COOKIES)


def test_the_first_connect_is_answered_at_once_with_advice_and_later_ones_without(client: Client) -> None:
    again = Client(client.bayeux)
    again.shake()
    assert again.connect() == {
        "id": "7",
        "channel": "/meta/connect",
        "clientId": again.client_id,
        "successful": True,
        "advice": {"reconnect": "retry", "interval": 0, "timeout": 110_000},
    }
    again.hold()
    assert again.poll() is None
    client.org.clock.advance(timedelta(seconds=109))
    assert again.poll() is None
    client.org.clock.advance(timedelta(seconds=1))
    # An id comes back as it was sent: here as a number.
    assert again.poll() == [
        {"id": 9, "channel": "/meta/connect", "clientId": again.client_id, "successful": True}
    ]


@pytest.mark.parametrize(("timeout", "seconds"), [(0, 0), (5_000, 5), (900_000, 110)])
def test_a_client_may_wish_for_a_shorter_hold(client: Client, timeout: int, seconds: int) -> None:
    client.hold(advice={"timeout": timeout})
    client.org.clock.advance(timedelta(seconds=seconds - 1))
    if seconds:
        assert client.poll() is None
    client.org.clock.advance(timedelta(seconds=1))
    assert client.poll() is not None


def test_a_held_connect_gives_events_as_soon_as_there_are_some(client: Client) -> None:
    assert client.subscribe() == {
        "id": "7",
        "channel": "/meta/subscribe",
        "clientId": client.client_id,
        "subscription": CHANNEL,
        "successful": True,
    }
    client.hold()
    assert client.poll() is None
    ids = change(client.org, 2)
    messages = client.poll()
    assert messages is not None
    assert [message["channel"] for message in messages] == [CHANNEL, CHANNEL, "/meta/connect"]
    assert [message["data"]["event"]["replayId"] for message in messages[:2]] == ids
    assert client.events() == []


def test_the_reply_may_stand_before_the_events(client: Client) -> None:
    client.bayeux.faults.connect_reply_first = True
    client.subscribe()
    change(client.org)
    client.hold()
    messages = client.poll()
    assert messages is not None
    assert [message["channel"] for message in messages] == ["/meta/connect", CHANNEL]


def test_a_client_that_is_silent_for_40_seconds_is_unknown(client: Client) -> None:
    client.org.clock.advance(timedelta(seconds=40))
    client.hold(advice={"timeout": 0})
    assert client.poll() is not None
    client.org.clock.advance(timedelta(seconds=41))
    assert client.org.limits.cometd_clients == 1
    assert client.connect() == {
        "id": "7",
        "channel": "/meta/connect",
        "error": "403::Unknown client",
        "successful": False,
        "advice": HANDSHAKE,
    }
    assert client.org.limits.cometd_clients == 0
    assert client.subscribe()["error"] == "403::Unknown client"


def test_a_held_connect_keeps_its_session(client: Client) -> None:
    client.hold()
    client.org.clock.advance(timedelta(seconds=100))
    Client(client.bayeux).shake()
    client.org.clock.advance(timedelta(seconds=10))
    assert client.poll() is not None


def test_a_new_handshake_has_no_subscriptions(client: Client) -> None:
    client.subscribe()
    client.shake()
    client.connect()
    change(client.org)
    assert client.events() == []


def test_dropped_clients_hear_it_on_their_held_connect(client: Client) -> None:
    client.hold()
    assert client.bayeux.clients.end_all() == 1
    messages = client.poll()
    assert messages is not None
    assert (messages[0]["error"], messages[0]["advice"]) == ("403::Unknown client", HANDSHAKE)


def test_disconnect_lets_a_held_connect_go(client: Client) -> None:
    client.hold()
    assert client.say("/meta/disconnect")["successful"]
    assert client.poll() == [
        {"id": 9, "channel": "/meta/connect", "clientId": client.client_id, "successful": True}
    ]
    assert client.connect()["error"] == "403::Unknown client"


def test_a_second_connect_takes_the_place_of_the_first(client: Client) -> None:
    client.subscribe()
    client.hold()
    former = client.held
    client.hold()
    assert former is not None
    (ids,) = (change(client.org),)
    body = client.bayeux.poll(former)
    assert body is not None
    assert [message["channel"] for message in json.loads(body)] == ["/meta/connect"]
    messages = client.poll()
    assert messages is not None
    assert messages[0]["data"]["event"]["replayId"] == ids[0]


def test_a_connect_among_other_messages_is_not_held(client: Client) -> None:
    connect = {"channel": "/meta/connect", "clientId": client.client_id, "connectionType": "long-polling"}
    subscribe = {"channel": "/meta/subscribe", "clientId": client.client_id, "subscription": CHANNEL}
    answer = client.ask(subscribe | {"id": "a"}, connect | {"id": "b"})
    assert answer.held is None
    assert [(reply["id"], reply["successful"]) for reply in answer.replies] == [("a", True), ("b", True)]


def test_what_a_vanished_client_was_not_given_waits_for_its_next_connect(client: Client) -> None:
    client.subscribe()
    client.hold()
    assert client.held is not None
    client.bayeux.abandon(client.held)
    ids = change(client.org)
    assert client.events() == ids

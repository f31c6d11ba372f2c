"""What the Streaming API refuses: without authentication, cookies, allocation, or for its form."""

from datetime import timedelta

import pytest

from connectors.salesforce.simulator.cometd.bayeux import COOKIES, Bayeux, BayeuxRequest
from connectors.salesforce.simulator.faults import Denial
from tests.fixtures.bayeux import CHANNEL, Client, change

TOO_BUSY = "503::Server is too busy.  Please try your request again later."
NO_ADVICE = {"reconnect": "none", "interval": 0}


@pytest.mark.parametrize(
    ("token", "error"),
    [(None, "401::Request requires authentication"), ("00D!wrong", "401::Authentication invalid")],
)
def test_without_a_token_that_holds_nothing_goes(client: Client, token: str | None, error: str) -> None:
    client.token = token
    assert client.connect() == {
        "id": "7",
        "channel": "/meta/connect",
        "clientId": client.client_id,
        "error": error,
        "successful": False,
        "advice": NO_ADVICE,
    }
    assert client.shake() == {
        "id": "1",
        "channel": "/meta/handshake",
        "error": "403::Handshake denied",
        "successful": False,
        "advice": {"reconnect": "none"},
        "ext": {"sfdc": {"failureReason": error}, "replay": True, "payload.format": True},
    }


def test_a_revoked_token_is_told_on_the_held_connect_and_a_new_one_goes_on(client: Client) -> None:
    client.subscribe()
    client.hold()
    client.org.sessions.expire_all()
    messages = client.poll()
    assert messages is not None
    assert (messages[0]["error"], messages[0]["advice"]) == ("401::Authentication invalid", NO_ADVICE)
    client.token = client.org.sessions.issue(client.org.admin_id, "app").token
    ids = change(client.org)
    assert client.events() == ids


def test_staying_connected_keeps_the_token_alive(client: Client) -> None:
    for _ in range(100):
        client.hold()
        client.org.clock.advance(timedelta(seconds=110))
        assert client.poll() is not None
    assert client.org.sessions.lookup(client.token or "") is not None


def test_another_user_s_token_is_refused(client: Client) -> None:
    client.token = client.org.sessions.issue(client.org.integration_user_id, "app").token
    assert client.connect()["error"] == ("400::Authenticated user id does not match the session's user id")


@pytest.mark.parametrize("cookie", COOKIES)
def test_cookies_are_needed_after_the_handshake(client: Client, cookie: str) -> None:
    del client.cookies[cookie]
    assert client.subscribe()["error"] == (
        f"400::Client {client.client_id} has established a session, but no {cookie} cookie present"
    )


@pytest.mark.parametrize(
    ("version", "error"),
    [
        (None, "400::API version in the URI is mandatory. URI format: '/cometd/67.0'"),
        ("36.0", "400::Unsupported API version. Only API versions '37.0' and later are supported."),
        ("inf", "400::Unsupported API version. Only API versions '37.0' and later are supported."),
        ("latest", "400::Unsupported API version. Only API versions '37.0' and later are supported."),
    ],
)
def test_the_version_is_part_of_the_url(bayeux: Bayeux, version: str | None, error: str) -> None:
    client = Client(bayeux)
    client.version = version
    assert client.shake()["error"].startswith(error)
    for good in ("37.0", "58.0", "67.0"):
        client.version = good
        assert client.shake()["successful"]


@pytest.mark.parametrize("kind", ["websocket", "callback-polling", None])
def test_only_long_polling_is_spoken(client: Client, kind: str | None) -> None:
    reply = client.say("/meta/connect", connectionType=kind)
    assert reply["error"] == f"400::Invalid connection type {{{kind}}}"


def test_who_has_not_shaken_hands_is_told_so(bayeux: Bayeux) -> None:
    client = Client(bayeux)
    answer = client.ask({"channel": "/meta/subscribe", "subscription": CHANNEL})
    assert answer.replies[0]["error"] == "403::Client has not completed handshake"


def test_publishing_is_not_supported(client: Client) -> None:
    reply = client.say(CHANNEL, data={"payload": {}})
    assert (reply["successful"], reply["error"]) == (False, "403:denied_by_security_policy:create_denied")


def test_a_request_that_is_too_large_is_refused(client: Client) -> None:
    reply = client.say("/meta/subscribe", subscription=CHANNEL, padding="x" * 32_768)
    assert reply["error"] == "413::Maximum Request Size Exceeded"
    assert client.subscribe()["successful"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[1]", b'"text"', b"\xff"])
def test_what_is_no_bayeux_is_an_error(bayeux: Bayeux, body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whichever layer that finds it
        bayeux.handle(BayeuxRequest("66.0", None, {}, body))


def test_a_single_message_needs_no_array(bayeux: Bayeux) -> None:
    token = bayeux.org.sessions.issue(bayeux.org.admin_id, "app").token
    answer = bayeux.handle(BayeuxRequest("66.0", token, {}, b'{"channel":"/meta/handshake"}'))
    assert answer.replies[0]["successful"]


def test_so_many_clients_at_once_and_no_more(bayeux: Bayeux) -> None:
    bayeux.org.limits.max_cometd_clients = 2
    clients = [Client(bayeux) for _ in range(3)]
    replies = [client.shake() for client in clients]
    assert [reply["successful"] for reply in replies] == [True, True, False]
    assert replies[2]["ext"]["sfdc"] == {"failureReason": "403::Organization concurrent user limit exceeded"}
    clients[0].say("/meta/disconnect")
    assert clients[2].shake()["successful"]


def test_so_many_events_a_day_and_no_more(client: Client) -> None:
    client.subscribe()
    ids = change(client.org, 5)
    client.org.limits.max_delivered_events = 3
    assert client.events() == ids[:3]
    client.hold()
    messages = client.poll()
    assert messages is not None
    assert messages[0]["error"] == "403::Organization total events daily limit exceeded"
    client.shake()
    client.connect()
    assert client.subscribe(replay=ids[2])["error"] == messages[0]["error"]
    client.org.clock.advance(timedelta(hours=24))
    client.begin()
    assert client.subscribe(replay=ids[2])["successful"]
    assert client.events() == ids[3:]


def test_delivered_events_count_for_each_subscriber(bayeux: Bayeux) -> None:
    clients = [Client(bayeux) for _ in range(3)]
    for client in clients:
        client.begin()
        client.subscribe()
    change(bayeux.org, 2)
    for client in clients:
        assert len(client.events()) == 2
    assert bayeux.org.limits.delivered_events.used == 6


def test_a_busy_server_hides_its_reason(client: Client) -> None:
    faults = client.bayeux.faults
    faults.denials = [Denial(f"/meta/{name}", TOO_BUSY) for name in ("handshake", "connect", "subscribe")]
    failure = {"sfdc": {"failureReason": TOO_BUSY}}
    connect, subscribe, handshake = client.connect(), client.subscribe(), Client(client.bayeux).shake()
    assert (connect["error"], connect["ext"]) == ("401::Authentication invalid", failure)
    assert (subscribe["error"], subscribe["ext"]) == (TOO_BUSY, failure)
    assert (handshake["error"], handshake["ext"]["sfdc"]) == ("403::Handshake denied", failure["sfdc"])
    assert client.subscribe()["successful"]
    assert Client(client.bayeux).shake()["successful"]

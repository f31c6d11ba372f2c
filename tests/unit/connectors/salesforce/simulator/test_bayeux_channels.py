"""Channels of the Streaming API: which there are, what they give, from where."""

from datetime import timedelta

import pytest

from connectors.salesforce.simulator.cometd.bayeux import Bayeux
from tests.fixtures.bayeux import CHANNEL, Client, change


@pytest.mark.parametrize(
    ("replay", "given"),
    [
        (None, slice(4, 4)),
        (-1, slice(4, 4)),
        (-2, slice(0, 4)),
        ("first", slice(1, 4)),
        ("text", slice(3, 4)),
    ],
)
def test_replay_gives_what_is_strictly_after_the_id(client: Client, replay: object, given: slice) -> None:
    ids = change(client.org, 4)
    wanted = {"first": ids[0], "text": str(ids[2])}.get(str(replay), replay)
    assert client.subscribe(replay=wanted)["successful"]
    new = change(client.org)
    assert client.events() == [*ids[given], *new]


@pytest.mark.parametrize("replay", [0, 1, 421337, "abc", None, 1.5, True, -3])
def test_a_replay_id_that_is_not_retained_is_refused(client: Client, replay: object) -> None:
    change(client.org)
    reply = client.say("/meta/subscribe", subscription=CHANNEL, ext={"replay": {CHANNEL: replay}})
    assert reply["error"] == (
        f"400::The replayId {{{replay}}} you provided was invalid.  Please provide a valid ID, "
        "-2 to replay all events, or -1 to replay only new events."
    )
    assert not reply["successful"]
    assert client.events() == []


def test_an_id_falls_out_of_the_window_after_72_hours(client: Client) -> None:
    (old,) = change(client.org)
    client.org.clock.advance(timedelta(hours=72))
    (new,) = change(client.org)
    client.begin()
    assert client.subscribe(replay=old)["successful"]
    client.org.clock.advance(timedelta(seconds=1))
    assert not client.subscribe(replay=old)["successful"]
    assert client.subscribe(replay=new)["successful"]
    assert client.subscribe(replay=-2)["successful"]
    assert client.events() == [new]


def test_a_migrated_org_knows_no_old_id(client: Client) -> None:
    (old,) = change(client.org)
    client.org.changes.forget_all()
    assert not client.subscribe(replay=old)["successful"]
    assert client.subscribe(replay=-2)["successful"]
    assert change(client.org)[0] > old
    client.bayeux.faults.refuse_replay_ids = True
    assert not client.subscribe(replay=client.org.changes.newest)["successful"]


def test_channels_get_what_is_theirs_and_all_in_the_order_of_replay_ids(client: Client) -> None:
    org = client.org
    assert client.subscribe("/data/ChangeEvents")["successful"]
    assert client.subscribe("/data/AccountChangeEvent")["successful"]
    with org.transaction(org.admin_id) as tx:
        tx.create("Account", {"Name": "Acme"})
        tx.create("Contact", {"LastName": "Nilsson"})
    client.hold()
    messages = client.poll()
    assert messages is not None
    assert [message["channel"] for message in messages[:-1]] == [
        "/data/ChangeEvents",
        "/data/AccountChangeEvent",
        "/data/ChangeEvents",
    ]
    client.say("/meta/unsubscribe", subscription="/data/ChangeEvents")
    change(org)
    assert client.events() == []


def test_several_channels_in_one_message_are_followed_all_or_none(client: Client) -> None:
    both = [CHANNEL, "/data/AccountChangeEvent"]
    assert client.say("/meta/subscribe", subscription=[*both, "/data/Nonsense"])["successful"] is False
    (first,) = change(client.org)
    assert client.events() == []
    assert client.say("/meta/subscribe", subscription=both)["subscription"] == both
    (second,) = change(client.org)
    assert client.events() == [second]
    assert first < second


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("/data/NonsenseChangeEvent", "400::The channel you requested to subscribe to doesn't exist {{{0}}}"),
        (
            "/data/opportunitychangeevent",
            "400::The channel you requested to subscribe to doesn't exist {{{0}}}",
        ),
        ("/data/NoteChangeEvent", "400::The channel you requested to subscribe to doesn't exist {{{0}}}"),
        ("/event/Order__e", "400::The channel you requested to subscribe to doesn't exist {{{0}}}"),
        ("data/ChangeEvents", "400::Channel subscriptions must start with a leading '/'"),
        ("/meta/connect", "403::Restricted channel"),
        ("/somewhere/else", "403::Cannot create channel {{{0}}}"),
        ("", "400::Channel name not specified"),
        (None, "400::Channel name not specified"),
    ],
)
def test_a_channel_that_is_not_there_is_refused(client: Client, channel: str | None, error: str) -> None:
    reply = client.say("/meta/subscribe", subscription=channel)
    assert (reply["successful"], reply["error"]) == (False, error.format(channel))


def test_a_custom_object_has_a_channel(client: Client) -> None:
    client.org.changes.selected.append("Onboarding__c")
    assert client.subscribe("/data/Onboarding__ChangeEvent")["successful"]
    with client.org.transaction(client.org.admin_id) as tx:
        tx.create("Onboarding__c", {"Name": "First"})
    assert len(client.events()) == 1


def test_who_may_not_hear_an_object_is_refused_there_and_filtered_elsewhere(bayeux: Bayeux) -> None:
    org = bayeux.org
    org.access.deny_events(["Opportunity"], org.integration_user_id)
    client = Client(bayeux, org.integration_user_id)
    client.begin()
    assert client.subscribe()["error"] == (
        "403::User not allowed to subscribe CDC without View All Data permissions"
    )
    assert client.subscribe("/data/ChangeEvents")["successful"]
    change(org)
    assert client.events() == []


def test_hidden_fields_are_left_out_from_the_next_subscribe_on(bayeux: Bayeux) -> None:
    client = Client(bayeux, bayeux.org.integration_user_id)
    client.begin()

    def bodies() -> list[set[str]]:
        change(client.org, Amount=5)
        client.hold()
        messages = client.poll()
        assert messages is not None
        return [set(message["data"]["payload"]) for message in messages[:-1]]

    client.subscribe()
    client.org.access.hide("Opportunity", "Amount", client.user_id)
    assert "Amount" in bodies()[0]
    client.subscribe()
    assert "Amount" not in bodies()[0]

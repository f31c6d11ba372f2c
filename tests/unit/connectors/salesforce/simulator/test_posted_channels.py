"""Platform events, PushTopics and generic streaming over CometD."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.salesforce.simulator.cometd.bayeux import Bayeux
from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.org import Org
from tests.fixtures.bayeux import Client

TOPIC = "/topic/Won"
SIGNAL = "/event/Deal_Signal__e"
QUERY = "SELECT Id, Name, Amount FROM Opportunity WHERE StageName = 'Closed Won'"


def given(client: Client) -> list[dict[str, Any]]:
    client.hold()
    messages = client.poll()
    if messages is None:
        assert client.held is not None
        client.bayeux.abandon(client.held)
        return []
    return [each["data"] for each in messages if "data" in each]


def topic(org: Org, query: str = QUERY, **more: object) -> str:
    with org.transaction(org.admin_id) as tx:
        return tx.create("PushTopic", {"Name": "Won", "Query": query, "ApiVersion": 66.0, **more})


def deal(org: Org, **more: object) -> str:
    with org.transaction(org.admin_id) as tx:
        fields = {"Name": "A deal", "StageName": "Closed Won", "CloseDate": "2026-10-01", **more}
        return tx.create("Opportunity", fields)


def write(org: Org, operation: str, *arguments: Any) -> None:
    with org.transaction(org.admin_id) as tx:
        getattr(tx, operation)("Opportunity", *arguments)


def publish(org: Org, **fields: object) -> int:
    kind = org.platform_events.types["Deal_Signal__e"]
    values = {"Opportunity_Id__c": "006000000000001AAA", **fields}
    return org.platform_events.publish(kind, values, org.admin_id).replay_id


def test_a_platform_event_is_heard_as_it_was_published(client: Client) -> None:
    assert client.subscribe(SIGNAL)["successful"]
    replay_id = publish(client.org, Score__c="3.5")
    (event,) = given(client)
    assert event["payload"] == {
        "CreatedDate": "2026-09-14T08:30:12Z",
        "CreatedById": client.org.admin_id,
        "Opportunity_Id__c": "006000000000001AAA",
        "Signal__c": None,
        "Score__c": 4.0,
        "Seen_At__c": None,
    }
    assert event["event"]["replayId"] == replay_id
    assert len(event["event"]["EventUuid"]) == 36


def test_platform_events_are_retained_for_72_hours_and_replayed(client: Client) -> None:
    ids = [publish(client.org) for _ in range(3)]
    client.subscribe(SIGNAL, replay=ids[0])
    assert [each["event"]["replayId"] for each in given(client)] == ids[1:]
    client.org.clock.advance(timedelta(hours=73))
    client.begin()
    assert "invalid" in client.subscribe(SIGNAL, replay=ids[2])["error"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Nonsense__c": 1}, "INVALID_FIELD"),
        ({"Opportunity_Id__c": None}, "REQUIRED_FIELD_MISSING"),
        ({"Signal__c": "x" * 81}, "STRING_TOO_LONG"),
    ],
)
def test_a_platform_event_that_is_not_whole_is_refused(
    client: Client, fields: dict[str, object], code: str
) -> None:
    with pytest.raises(DmlError) as caught:
        publish(client.org, **fields)
    assert caught.value.code == code


def test_a_topic_tells_of_records_that_match(client: Client) -> None:
    org = client.org
    topic(org)
    assert client.subscribe(TOPIC)["successful"]
    deal(org, StageName="Prospecting")
    won = deal(org, Amount=10)
    write(org, "update", won, {"NextStep": "nothing the topic looks at"})
    write(org, "update", won, {"Amount": 20})
    write(org, "delete", won)
    write(org, "undelete", won)
    events = given(client)
    assert [(each["event"]["type"], each["sobject"]) for each in events] == [
        ("created", {"Id": won, "Name": "A deal", "Amount": 10.0}),
        ("updated", {"Id": won, "Name": "A deal", "Amount": 20.0}),
        ("deleted", {"Id": won}),
        ("undeleted", {"Id": won, "Name": "A deal", "Amount": 20.0}),
    ]
    assert events[0]["event"]["createdDate"] == "2026-09-14T08:30:12.000Z"


@pytest.mark.parametrize(
    ("fields", "changes", "count"),
    [
        ("All", {"NextStep": "call"}, 1),
        ("Referenced", {"NextStep": "call"}, 0),
        ("Referenced", {"Amount": 5}, 1),
        ("Referenced", {"Type": "New Business"}, 1),
        ("Select", {"Amount": 5}, 1),
        ("Select", {"Type": "New Business"}, 0),
        ("Where", {"Amount": 5}, 0),
        ("Where", {"Type": "New Business"}, 1),
    ],
)
def test_which_fields_count(client: Client, fields: str, changes: dict[str, object], count: int) -> None:
    org = client.org
    won = deal(org)
    topic(org, "SELECT Id, Amount FROM Opportunity WHERE Type != 'Other'", NotifyForFields=fields)
    client.subscribe(TOPIC)
    write(org, "update", won, changes)
    assert len(given(client)) == count


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("NotifyForOperationCreate", ["updated", "deleted", "undeleted"]),
        ("NotifyForOperationUpdate", ["created", "deleted", "undeleted"]),
        ("NotifyForOperationDelete", ["created", "updated", "undeleted"]),
        ("NotifyForOperationUndelete", ["created", "updated", "deleted"]),
    ],
)
def test_which_operations_count(client: Client, flag: str, told: list[str]) -> None:
    org = client.org
    topic(org, QUERY, **{flag: False})
    client.subscribe(TOPIC)
    won = deal(org)
    write(org, "update", won, {"Amount": 20})
    write(org, "delete", won)
    write(org, "undelete", won)
    assert [each["event"]["type"] for each in given(client)] == told


def test_a_subscription_to_a_topic_may_filter(client: Client) -> None:
    topic(client.org)
    client.subscribe(f"{TOPIC}?Name=Other")
    deal(client.org)
    wanted = deal(client.org, Name="Other")
    assert [each["sobject"]["Id"] for each in given(client)] == [wanted]


def test_what_is_hidden_is_not_told_and_not_compared(bayeux: Bayeux) -> None:
    org = bayeux.org
    user = org.integration_user_id
    client = Client(bayeux, user)
    client.begin()
    topic(org)
    org.access.hide("Opportunity", "Amount", user)
    assert client.subscribe(TOPIC)["successful"]
    deal(org, Amount=5)
    assert given(client)[0]["sobject"].keys() == {"Id", "Name"}
    org.access.hide("Opportunity", "StageName", user)
    assert "where clause" in client.subscribe(TOPIC)["error"]
    org.access.deny_events(["Opportunity"], user)
    assert client.subscribe(TOPIC)["error"] == (
        "403::Subscriber does not have access to the entity in this topic"
    )


@pytest.mark.parametrize(
    "query",
    [
        "SELECT Name FROM Opportunity",
        "SELECT Id, Account.Name FROM Opportunity",
        "SELECT Id FROM Opportunity WHERE Account.Name = 'A'",
        "SELECT Id FROM Opportunity ORDER BY Name",
        "SELECT Id FROM Opportunity LIMIT 5",
        "SELECT COUNT() FROM Opportunity",
        "SELECT Id FROM Opportunity WHERE AccountId IN (SELECT Id FROM Account)",
        "SELECT Id FROM OpportunityStage",
        "nonsense",
    ],
)
def test_a_query_that_no_topic_may_have_is_refused_and_leaves_none(client: Client, query: str) -> None:
    with pytest.raises(DmlError):
        topic(client.org, query)
    assert client.org.count("PushTopic") == 0


def test_topics_are_named_once_and_may_rest(client: Client) -> None:
    with pytest.raises(DmlError):
        topic(client.org, Name="x" * 26)
    topic(client.org, IsActive=False)
    with pytest.raises(DmlError):
        topic(client.org, Name="WON")
    assert not client.subscribe(TOPIC)["successful"]
    assert not client.subscribe("/topic/Other")["successful"]


def test_generic_events_are_heard_on_channels_that_were_made(client: Client) -> None:
    org = client.org
    assert client.subscribe("/u/News")["error"] == "404::Unknown channel"
    with org.transaction(org.admin_id) as tx:
        tx.create("StreamingChannel", {"Name": "/u/News"})
    assert client.subscribe("/u/NEWS")["error"] == "404::channel names may not vary only by case"
    assert client.subscribe("/u/News")["successful"]
    posted = org.generic_events.post("/u/News", {"payload": "hello"})
    told = {"createdDate": "2026-09-14T08:30:12.000Z", "replayId": posted.replay_id}
    assert given(client) == [{"payload": "hello", "event": told}]
    with pytest.raises(DmlError), org.transaction(org.admin_id) as tx:
        tx.create("StreamingChannel", {"Name": "News"})


def test_generic_events_are_retained_for_24_hours(client: Client) -> None:
    org = client.org
    with org.transaction(org.admin_id) as tx:
        tx.create("StreamingChannel", {"Name": "/u/News"})
    posted = org.generic_events.post("/u/News", {"payload": "hello"})
    assert client.subscribe("/u/News", replay=posted.replay_id)["successful"]
    org.clock.advance(timedelta(hours=25))
    client.begin()
    assert not client.subscribe("/u/News", replay=posted.replay_id)["successful"]

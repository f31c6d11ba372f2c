"""Custom channels: filtered, with fields added, one event a record where fields are added."""

from typing import Any

import pytest

from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.stages import rename_stage
from tests.fixtures.bayeux import Client, change

CHANNEL = "/data/Deals__chn"


def open_channel(org: Org, **more: object) -> str:
    org.channels.add_channel("Deals__chn", {"channelType": "data", "label": "Deals"})
    metadata = {"eventChannel": "Deals__chn", "selectedEntity": "OpportunityChangeEvent", **more}
    return org.channels.add_member("Deals_OpportunityChangeEvent", metadata)


def payloads(client: Client) -> list[dict[str, Any]]:
    client.hold()
    messages = client.poll() or []
    return [each["data"] for each in messages if each["channel"] == CHANNEL]


def added(*names: str) -> dict[str, object]:
    return {"enrichedFields": [{"name": name} for name in names]}


def deals(org: Org, count: int, **fields: object) -> list[str]:
    with org.transaction(org.admin_id) as tx:
        deal = {"Name": "A deal", "StageName": "Prospecting", "CloseDate": "2026-10-01", **fields}
        return [tx.create("Opportunity", deal) for _ in range(count)]


def test_a_channel_gives_its_members_events_only(client: Client) -> None:
    open_channel(client.org)
    assert client.subscribe(CHANNEL)["successful"]
    with client.org.transaction(client.org.admin_id) as tx:
        tx.create("Account", {"Name": "Acme"})
    ids = change(client.org)
    assert client.events() == ids[-1:]


def test_a_channel_that_is_not_there_is_refused(client: Client) -> None:
    assert client.subscribe("/data/Other__chn")["error"].startswith("400::The channel you requested")


def test_a_filter_lets_through_what_it_is_true_of_and_every_gap(client: Client) -> None:
    org = client.org
    open_channel(org, filterExpression="StageName = 'Closed Won'")
    client.subscribe(CHANNEL)
    deal, other = deals(org, 2)
    before = org.limits.delivered_events.used
    for record_id, stage in ((deal, "Closed Won"), (other, "Negotiation/Review")):
        with org.transaction(org.admin_id) as tx:
            tx.update("Opportunity", record_id, {"StageName": stage})
    with org.transaction(org.admin_id) as tx:
        tx.update("Opportunity", deal, {"NextStep": "call"})
    org.changes.append_gap("Opportunity", ["006*"], "GAP_UPDATE", org.admin_id)
    headers = [each["payload"]["ChangeEventHeader"] for each in payloads(client)]
    assert [(each["changeType"], each["recordIds"]) for each in headers] == [
        ("UPDATE", [deal]),
        ("GAP_UPDATE", ["006*"]),
    ]
    assert org.limits.delivered_events.used == before + 2


def test_added_fields_make_one_event_a_record_under_one_replay_id(client: Client) -> None:
    org = client.org
    with org.transaction(org.admin_id) as tx:
        account = tx.create("Account", {"Name": "Acme"})
    made = deals(org, 3, AccountId=account)
    open_channel(org, **added("Account", "Name", "NextStep", "Owner"))
    client.subscribe(CHANNEL)
    client.subscribe("/data/OpportunityChangeEvent")
    rename_stage(org, "Prospecting", "Lead")
    with org.transaction(org.admin_id) as tx:
        tx.mark("Opportunity", made[0], {"Name": "Today's name"})
    *renamed, own = payloads(client)
    assert [each["payload"]["ChangeEventHeader"]["recordIds"] for each in renamed] == [
        [each] for each in made
    ]
    assert len({each["event"]["replayId"] for each in renamed}) == 1
    bodies = [each["payload"] for each in renamed]
    assert all(
        (each["AccountId"], each["OwnerId"], each["StageName"]) == (account, org.admin_id, "Lead")
        for each in bodies
    )
    assert not any("NextStep" in each for each in bodies)
    # Read when they are delivered, not when they happened.
    assert [each["Name"] for each in bodies] == ["Today's name", "A deal", "A deal"]
    assert "Name" not in bodies[0]["ChangeEventHeader"]["changedFields"]
    assert own["payload"]["Name"] == "Today's name"


def test_a_delete_carries_added_fields_and_a_create_its_own(client: Client) -> None:
    org = client.org
    open_channel(org, **added("Name"))
    client.subscribe(CHANNEL)
    (deal,) = deals(org, 1)
    with org.transaction(org.admin_id) as tx:
        tx.delete("Opportunity", deal)
    created, deleted = payloads(client)
    assert created["payload"]["CloseDate"] == "2026-10-01"
    assert {name for name in deleted["payload"] if name != "ChangeEventHeader"} == {"Name"}


def test_a_hidden_field_is_not_added(client: Client) -> None:
    org = client.org
    open_channel(org, **added("Name", "Type"))
    (deal,) = deals(org, 1, Type="New Business")
    org.access.hide("Opportunity", "Type")
    client.subscribe(CHANNEL)
    with org.transaction(org.admin_id) as tx:
        tx.update("Opportunity", deal, {"NextStep": "call"})
    (event,) = payloads(client)
    assert event["payload"]["Name"] == "A deal"
    assert "Type" not in event["payload"]


def test_an_entity_that_is_on_a_custom_channel_only_is_not_on_the_standard_one(client: Client) -> None:
    org = client.org
    org.changes.selected.remove("Opportunity")
    client.subscribe("/data/ChangeEvents")
    change(org)
    assert client.events() == []
    member = open_channel(org)
    client.subscribe(CHANNEL)
    (heard,) = change(org)
    assert client.events() == [heard]
    org.channels.remove("PlatformEventChannelMember", member)
    assert change(org) == []


def test_who_may_not_hear_an_entity_hears_nothing_of_it(client: Client) -> None:
    org = client.org
    org.access.deny_events(["Opportunity"], org.admin_id)
    open_channel(org)
    assert client.subscribe(CHANNEL)["successful"]
    change(org)
    assert client.events() == []


@pytest.mark.parametrize(
    ("name", "metadata", "code"),
    [
        (
            "M",
            {"eventChannel": "No__chn", "selectedEntity": "AccountChangeEvent"},
            "INVALID_CROSS_REFERENCE_KEY",
        ),
        ("M", {"eventChannel": "Deals__chn", "selectedEntity": "Account"}, "INVALID_INPUT"),
        ("M", {"eventChannel": "Deals__chn", "selectedEntity": "TaskChangeEvent"}, "LIMIT_EXCEEDED"),
        ("M", {"eventChannel": "Deals__chn", "selectedEntity": "OpportunityChangeEvent"}, "DUPLICATE_VALUE"),
        ("not a name", {}, "INVALID_INPUT"),
        (
            "M",
            {
                "eventChannel": "Deals__chn",
                "selectedEntity": "AccountChangeEvent",
                **added(*["Name", "Website", "Phone"] * 4),
            },
            "LIMIT_EXCEEDED",
        ),
        (
            "M",
            {
                "eventChannel": "Deals__chn",
                "selectedEntity": "AccountChangeEvent",
                **added("Description"),
            },
            "INVALID_FIELD",
        ),
    ],
)
def test_a_member_that_cannot_be_is_refused(
    client: Client, name: str, metadata: dict[str, object], code: str
) -> None:
    open_channel(client.org)
    with pytest.raises(DmlError) as caught:
        client.org.channels.add_member(name, metadata)
    assert caught.value.code == code


def test_a_channel_goes_when_it_is_empty(client: Client) -> None:
    channels = client.org.channels
    member = open_channel(client.org)
    (channel,) = [str(row["Id"]) for row in client.org.rows("PlatformEventChannel")]
    with pytest.raises(DmlError, match="has members"):
        channels.remove("PlatformEventChannel", channel)
    channels.remove("PlatformEventChannelMember", member)
    channels.remove("PlatformEventChannel", channel)
    assert not client.subscribe(CHANNEL)["successful"]
    with pytest.raises(DmlError, match="NOT_FOUND"):
        channels.remove("PlatformEventChannel", channel)

"""Publishing over REST: platform events, and events of generic channels."""

from tests.fixtures.served_org import Api
from tests.fixtures.small_org import SmallOrg


async def test_a_platform_event_is_published(small: SmallOrg, api: Api) -> None:
    event = {"Opportunity_Id__c": "006000000000001AAA", "Signal__c": "called"}
    status, body, _ = await api.call("POST", "sobjects/Deal_Signal__e", json=event)
    (posted,) = small.org.platform_events.bus.after(0)
    assert (status, body["success"]) == (201, True)
    assert body["errors"] == [{"statusCode": "OPERATION_ENQUEUED", "message": posted.uuid, "fields": []}]
    assert posted.body["Signal__c"] == "called"
    status, errors, _ = await api.call("POST", "sobjects/Deal_Signal__e", json={})
    assert (status, errors[0]["errorCode"]) == (400, "REQUIRED_FIELD_MISSING")
    assert (await api.call("POST", "sobjects/Other__e", json={}))[0] == 404


async def test_a_generic_event_is_pushed(small: SmallOrg, api: Api) -> None:
    _, made, _ = await api.call("POST", "sobjects/StreamingChannel", json={"Name": "/u/News"})
    place = f"sobjects/StreamingChannel/{made['id']}/push"
    body = {"pushEvents": [{"payload": "one"}, {"payload": "two", "userIds": []}]}
    status, told, _ = await api.call("POST", place, json=body)
    assert (status, told) == (200, [{"fanoutCount": -1, "userOnlineStatus": {}}] * 2)
    assert [each.body["payload"] for each in small.org.generic_events.after(0)] == ["one", "two"]
    for wrong in ({}, {"pushEvents": [{"payload": 1}]}, {"pushEvents": [{"payload": "x" * 3_001}]}):
        assert (await api.call("POST", place, json=wrong))[0] == 400
    missing = "sobjects/StreamingChannel/0M6000000000001AAA/push"
    assert (await api.call("POST", missing, json=body))[0] == 404

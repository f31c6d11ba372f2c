"""The Tooling API of the simulated org, as administrators and their tools set up event channels."""

from tests.fixtures.served_org import Api

MEMBER = {
    "eventChannel": "Onboarding__chn",
    "selectedEntity": "OpportunityChangeEvent",
    "enrichedFields": [{"name": "Account"}, {"name": "Name"}],
    "filterExpression": "StageName = 'Closed Won'",
}


async def made(api: Api, kind: str, full_name: str, metadata: object) -> str:
    body = {"FullName": full_name, "Metadata": metadata}
    status, reply, _ = await api.call("POST", f"tooling/sobjects/{kind}", json=body)
    assert (status, reply["success"], reply["errors"]) == (201, True, []), reply
    return str(reply["id"])


async def test_a_channel_and_its_member_are_made_found_and_taken_away(api: Api) -> None:
    label = {"channelType": "data", "label": "Onboarding"}
    channel = await made(api, "PlatformEventChannel", "Onboarding__chn", label)
    member = await made(api, "PlatformEventChannelMember", "Onboarding_Opportunity", MEMBER)
    _, found, _ = await api.call(
        "GET",
        "tooling/query",
        params={
            "q": "SELECT Id, SelectedEntity, FilterExpression FROM PlatformEventChannelMember "
            "WHERE EventChannel = 'Onboarding__chn'"
        },
    )
    place = f"/services/data/v66.0/tooling/sobjects/PlatformEventChannelMember/{member}"
    assert found["records"] == [
        {
            "attributes": {"type": "PlatformEventChannelMember", "url": place},
            "Id": member,
            "SelectedEntity": "OpportunityChangeEvent",
            "FilterExpression": "StageName = 'Closed Won'",
        }
    ]
    _, whole, _ = await api.call("GET", f"tooling/sobjects/PlatformEventChannelMember/{member}")
    assert (whole["FullName"], whole["Metadata"]) == ("Onboarding_Opportunity", MEMBER)
    for kind, record_id in (("PlatformEventChannelMember", member), ("PlatformEventChannel", channel)):
        assert (await api.call("DELETE", f"tooling/sobjects/{kind}/{record_id}"))[0] == 204
        assert (await api.call("GET", f"tooling/sobjects/{kind}/{record_id}"))[0] == 404


async def test_what_is_wrong_is_refused_where_it_is(api: Api) -> None:
    await made(api, "PlatformEventChannel", "Onboarding__chn", {"channelType": "data"})
    wrong = {**MEMBER, "filterExpression": "Nonsense = 1"}
    body = {"FullName": "M", "Metadata": wrong}
    status, errors, _ = await api.call("POST", "tooling/sobjects/PlatformEventChannelMember", json=body)
    assert (status, errors[0]["fields"]) == (400, ["FilterExpression"])
    status, errors, _ = await api.call(
        "POST", "tooling/sobjects/PlatformEventChannel", json={"FullName": "X"}
    )
    assert (status, errors[0]["errorCode"]) == (400, "REQUIRED_FIELD_MISSING")
    assert (await api.call("POST", "tooling/sobjects/Opportunity", json={}))[0] == 404


async def test_each_api_queries_its_own_objects(api: Api) -> None:
    for path, name in (("query", "PlatformEventChannel"), ("tooling/query", "Opportunity")):
        status, errors, _ = await api.call("GET", path, params={"q": f"SELECT Id FROM {name}"})  # noqa: S608 - a test's own
        assert (status, errors[0]["errorCode"]) == (400, "INVALID_TYPE")

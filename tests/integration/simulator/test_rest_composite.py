"""REST: several requests in one, collections and composites."""

import pytest

from tests.fixtures.served_org import Api, part
from tests.fixtures.small_org import SmallOrg


async def test_collections(small: SmallOrg, api: Api) -> None:
    good = {"attributes": {"type": "Account"}, "Name": "One"}
    bad = {"attributes": {"type": "Account"}}
    _, results, _ = await api.call("POST", "composite/sobjects", json={"records": [good, bad, {"Name": "x"}]})
    assert [each["success"] for each in results] == [True, False, False]
    assert results[1]["errors"] == [
        {
            "statusCode": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [Name]",
            "fields": ["Name"],
        }
    ]
    one = results[0]["id"]
    status, results, _ = await api.call(
        "POST", "composite/sobjects", json={"allOrNone": True, "records": [{**good, "Name": "Two"}, bad]}
    )
    assert (status, results[0]["errors"][0]["statusCode"]) == (200, "ALL_OR_NONE_OPERATION_ROLLED_BACK")
    assert (await api.query("SELECT COUNT() FROM Account WHERE Name = 'Two'"))["totalSize"] == 0
    _, results, _ = await api.call(
        "PATCH",
        "composite/sobjects",
        json={"records": [{**good, "id": one, "Name": "Uno"}, {**bad, "Name": "x"}]},
    )
    assert [each["success"] for each in results] == [True, False]
    _, results, _ = await api.call(
        "PATCH",
        "composite/sobjects/Account/External_Id__c",
        json={
            "records": [{**good, "External_Id__c": "e1"}, {**good, "External_Id__c": "e1", "Name": "Again"}]
        },
    )
    assert [each["created"] for each in results] == [True, False]
    _, rows, _ = await api.call(
        "POST",
        "composite/sobjects/Account",
        json={"ids": [small.ids["umbrella"], small.ids["gone"], one, "junk"], "fields": ["name"]},
    )
    assert [row and row["Name"] for row in rows] == ["Umbrella", None, "Uno", None]
    _, rows, _ = await api.call("GET", "composite/sobjects/Account", params={"ids": one, "fields": "Id,Name"})
    assert rows[0]["Id"] == one
    _, results, _ = await api.call("DELETE", "composite/sobjects", params={"ids": f"{one},junk"})
    assert [each["success"] for each in results] == [True, False]


async def test_collections_have_a_largest_size(api: Api) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": "x"}] * 201
    status, errors, _ = await api.call("POST", "composite/sobjects", json={"records": records})
    assert (status, errors[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")
    status, errors, _ = await api.call(
        "POST", "composite/sobjects/Account", json={"ids": ["0016k0000000001AAA"] * 2_001, "fields": ["Id"]}
    )
    assert (status, errors[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")


async def test_a_composite_passes_values_on_and_costs_one_call(small: SmallOrg, api: Api) -> None:
    parts = [
        part("POST", "sobjects/Account", "acc", {"Name": "Composed"}),
        part("POST", "sobjects/Contact", "con", {"LastName": "Of @{acc.id}", "AccountId": "@{acc.id}"}),
        part("GET", "query?q=SELECT+Id+FROM+Contact+WHERE+AccountId='@{acc.id}'", "found"),
        part("GET", "sobjects/Contact/@{found.records[0].Id}?fields=LastName", "read"),
        part("GET", "query?q=SELECT+Nope+FROM+Contact", "wrong"),
        part("GET", "sobjects/Contact/@{wrong.Id}", "after_wrong"),
        part("GET", f"sobjects/ContentVersion/{small.ids['note']}/VersionData", "blob"),
    ]
    status, body, _ = await api.call("POST", "composite", json={"compositeRequest": parts})
    answers = {each["referenceId"]: each for each in body["compositeResponse"]}
    assert status == 200
    assert {name: each["httpStatusCode"] for name, each in answers.items()} == {
        "acc": 201,
        "con": 201,
        "found": 200,
        "read": 200,
        "wrong": 400,
        "after_wrong": 400,
        "blob": 400,
    }
    assert answers["acc"]["httpHeaders"]["Location"].endswith(answers["acc"]["body"]["id"])
    assert answers["read"]["body"]["LastName"] == f"Of {answers['acc']['body']['id']}"
    assert answers["wrong"]["body"][0]["errorCode"] == "INVALID_FIELD"
    assert answers["after_wrong"]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert small.org.limits.api_calls.used == 1


async def test_all_or_none_undoes_a_composite(small: SmallOrg, api: Api) -> None:
    before = small.org.changes.newest
    parts = [
        part("POST", "sobjects/Account", "a", {"Name": "Undone"}),
        part("POST", "sobjects/Contact", "b", {"AccountId": "@{a.id}"}),
        part("POST", "sobjects/Account", "c", {"Name": "Never"}),
    ]
    status, body, _ = await api.call("POST", "composite", json={"allOrNone": True, "compositeRequest": parts})
    codes = [each["body"][0]["errorCode"] for each in body["compositeResponse"]]
    assert (status, codes) == (200, ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"])
    assert (await api.query("SELECT COUNT() FROM Account WHERE Name IN ('Undone', 'Never')"))[
        "totalSize"
    ] == 0
    assert small.org.changes.newest == before


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([part("GET", "limits", f"r{number}") for number in range(26)], "LIMIT_EXCEEDED"),
        ([part("GET", "query?q=SELECT+Id+FROM+User", f"r{number}") for number in range(6)], "LIMIT_EXCEEDED"),
        ([part("GET", "limits", "same"), part("GET", "limits", "same")], "INVALID_INPUT"),
        ([part("TRACE", "limits", "a")], "INVALID_INPUT"),
    ],
)
async def test_what_a_composite_may_not_be(api: Api, parts: list[dict[str, object]], code: str) -> None:
    status, errors, _ = await api.call("POST", "composite", json={"compositeRequest": parts})
    assert (status, errors[0]["errorCode"]) == (400, code)

# ruff: noqa: S608 - the queries are the tests' own
"""The REST API over HTTP, as a client that only knows the documentation sees it."""

import base64
import gzip
import io
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from tests.fixtures.served_org import Api, serving
from tests.fixtures.small_org import SmallOrg, small_org


@pytest.fixture(name="small")
def _small() -> SmallOrg:
    return small_org()


@pytest.fixture(name="api")
async def _api(small: SmallOrg) -> AsyncIterator[Api]:
    token = small.org.sessions.issue(small.user, "test").token
    async with serving(small.org) as url, aiohttp.ClientSession() as http:
        yield Api(http, url, token)


async def test_versions_need_no_session_and_cost_nothing(small: SmallOrg, api: Api) -> None:
    for path in ("/services/data", "/services/data/"):
        status, body, _ = await api.call("GET", path, headers={"Authorization": ""})
        assert status == 200
        assert [each["version"] for each in body] == [f"{number}.0" for number in range(58, 67)]
        assert body[-1] == {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"}
    assert small.org.limits.api_calls.used == 0


async def test_resources_name_the_identity(small: SmallOrg, api: Api) -> None:
    for path in ("/services/data/v58.0", "/services/data/v58.0/"):
        status, body, _ = await api.call("GET", path)
        assert status == 200
        assert body["sobjects"] == "/services/data/v58.0/sobjects"
        assert body["identity"] == f"{api.url}/id/{small.org.org_id}/{small.user}"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/services/data/v57.0/limits", 410, "UNSUPPORTED_API_VERSION"),
        ("GET", "/services/data/v67.0/limits", 404, "NOT_FOUND"),
        ("GET", "/services/data/v66/limits", 404, "NOT_FOUND"),
        ("GET", "/services/data/66.0/limits", 404, "NOT_FOUND"),
        ("GET", "/services/data/v9999999999.0/limits", 404, "NOT_FOUND"),
        ("GET", "nowhere", 404, "NOT_FOUND"),
        ("GET", "sobjects/Nothing", 404, "NOT_FOUND"),
        ("GET", "sobjects/Nothing/describe", 404, "NOT_FOUND"),
        ("DELETE", "limits", 405, "METHOD_NOT_ALLOWED"),
        ("PUT", "sobjects/Account", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "composite", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "query", 400, "MALFORMED_QUERY"),
        ("GET", "query?q=SELECT", 400, "MALFORMED_QUERY"),
        ("GET", "query/01g000000000001AAA-2000", 400, "INVALID_QUERY_LOCATOR"),
        ("GET", "query/nonsense", 400, "INVALID_QUERY_LOCATOR"),
        ("GET", "sobjects/Account/nonsense", 404, "NOT_FOUND"),
        ("GET", "sobjects/Account/001000000000000", 404, "NOT_FOUND"),
        ("GET", "sobjects/Account/0066k0000000001AAA", 404, "NOT_FOUND"),
        ("GET", "sobjects/Account/0016k0000000001?fields=Name,Foo", 400, "INVALID_FIELD"),
        ("GET", "sobjects/Account/0016k0000000003AAA", 404, "ENTITY_IS_DELETED"),
        ("DELETE", "sobjects/Account/0016k0000000003AAA", 404, "ENTITY_IS_DELETED"),
        ("DELETE", "sobjects/Account/nonsense", 400, "MALFORMED_ID"),
        ("DELETE", "sobjects/Account/0066k0000000001AAA", 400, "MALFORMED_ID"),
        ("GET", "sobjects/Account/Nope__c/1", 404, "NOT_FOUND"),
        ("GET", "sobjects/Account/Name/Acme", 404, "NOT_FOUND"),
        ("GET", "sobjects/Account/External_Id__c/none", 404, "NOT_FOUND"),
        ("GET", "sobjects/ContentVersion/0686k0000000009/VersionData", 404, "NOT_FOUND"),
        ("GET", "composite/sobjects/Account?ids=001", 400, "MISSING_ARGUMENT"),
    ],
)
async def test_refusals(api: Api, method: str, path: str, status: int, code: str) -> None:
    found, body, reply = await api.call(method, path)
    assert (found, [each["errorCode"] for each in body]) == (status, [code])
    assert set(body[0]) <= {"message", "errorCode", "fields"}
    assert reply.headers["Sforce-Limit-Info"].startswith("api-usage=")


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "sobjects/Account", b"{", "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Account", b"", "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Account", b"[]", "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Account", b'{"Name": "\xff"}', "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Account", b'{"Name": ' + b"[" * 100_000, "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Account", b'{"Name": ' + b"[" * 500 + b"]" * 500 + b"}", "JSON_PARSER_ERROR"),
        ("POST", "composite", b'{"compositeRequest": ' + b"[" * 900 + b"]" * 900 + b"}", "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Account", b'{"Name": {"a": 1}}', "JSON_PARSER_ERROR"),
        ("POST", "sobjects/Account", b"{}", "REQUIRED_FIELD_MISSING"),
        ("POST", "sobjects/Account", b'{"Name": "x", "Foo": 1}', "INVALID_FIELD"),
        (
            "POST",
            "sobjects/Account",
            b'{"Name": "x", "Id": "001000000000001AAA"}',
            "INVALID_FIELD_FOR_INSERT_UPDATE",
        ),
        ("PATCH", "sobjects/Account/0016k0000000001", b'{"Name": null}', "REQUIRED_FIELD_MISSING"),
        ("PATCH", "sobjects/Account/External_Id__c/a", b'{"External_Id__c": "b"}', "INVALID_FIELD"),
        ("POST", "composite/sobjects", b"{}", "MISSING_ARGUMENT"),
        ("POST", "composite/sobjects/Account", b'{"ids": ["001"], "fields": ["Foo"]}', "INVALID_FIELD"),
        ("POST", "composite", b"{}", "MISSING_ARGUMENT"),
        ("POST", "composite", b'{"compositeRequest": [1]}', "JSON_PARSER_ERROR"),
        (
            "POST",
            "composite",
            b'{"compositeRequest": [{"method": "GET", "url": "/x", "referenceId": "a b"}]}',
            "INVALID_INPUT",
        ),
    ],
)
async def test_refused_bodies(api: Api, method: str, path: str, body: bytes, code: str) -> None:
    status, errors, _ = await api.call(method, path, data=body, headers={"Content-Type": "application/json"})
    assert (status, errors[0]["errorCode"]) == (400, code)


async def test_a_body_is_json_or_nothing_we_read(api: Api) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        status, errors, _ = await api.call(
            "POST", "sobjects/Account", data=b'{"Name": "x"}', headers={"Content-Type": kind}
        )
        assert (status, errors[0]["errorCode"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_record_lives_and_dies(small: SmallOrg, api: Api) -> None:
    fields = {
        "Name": "New deal",
        "StageName": "Prospecting",
        "CloseDate": "2026-12-24",
        "Amount": 1234.5,
        "AccountId": small.ids["acme"][:15],
    }
    status, made, reply = await api.call("POST", "sobjects/Opportunity/", json=fields)
    assert (status, made["success"], made["errors"]) == (201, True, [])
    place = f"sobjects/Opportunity/{made['id']}"
    assert reply.headers["Location"] == f"/services/data/v66.0/{place}"

    status, read, _ = await api.call("GET", place)
    assert status == 200
    assert read["attributes"] == {"type": "Opportunity", "url": f"/services/data/v66.0/{place}"}
    assert {name: read[name] for name in fields} == {**fields, "AccountId": small.ids["acme"]}
    assert (read["Probability"], read["ExpectedRevenue"], read["IsWon"]) == (10.0, 123.45, False)
    assert read["CreatedDate"] == "2026-09-14T08:30:12.000+0000"
    assert read["Description"] is None

    status, body, _ = await api.call("PATCH", place, json={"StageName": "Closed Won", "NextStep": None})
    assert (status, body) == (204, b"")
    status, read, _ = await api.call("GET", place, params={"fields": "StageName,IsWon"})
    assert {name: value for name, value in read.items() if name != "attributes"} == {
        "StageName": "Closed Won",
        "IsWon": True,
        "Id": made["id"],
    }

    assert (await api.call("DELETE", place))[0] == 204
    status, errors, _ = await api.call("GET", place)
    assert (status, errors[0]["errorCode"]) == (404, "ENTITY_IS_DELETED")


async def test_the_raw_text_of_numbers_and_moments(api: Api) -> None:
    url = f"{api.url}/services/data/v66.0/query?q=" + quote(
        "SELECT Amount, Probability, CloseDate, CreatedDate FROM Opportunity LIMIT 1"
    )
    async with api.http.get(url, headers={"Authorization": f"OAuth {api.token}"}) as reply:
        text = await reply.text()
    assert reply.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert '"Amount":1000.0,"Probability":10.0,"CloseDate":"2026-09-14",' in text
    assert '"CreatedDate":"2026-09-14T08:30:12.000+0000"' in text


async def test_the_method_can_be_overridden(small: SmallOrg, api: Api) -> None:
    place = f"sobjects/Account/{small.ids['acme']}"
    for name, options in (
        ("by query", {"params": {"_HttpMethod": "PATCH"}}),
        ("by header", {"headers": {"X-HTTP-Method-Override": "PATCH"}}),
    ):
        status, _, _ = await api.call("POST", place, json={"Name": name}, **options)
        assert status == 204
        assert (await api.call("GET", place))[1]["Name"] == name


async def test_upsert_by_external_id(small: SmallOrg, api: Api) -> None:
    place = "sobjects/Account/External_Id__c/" + quote("a/b ü", safe="")
    status, made, _ = await api.call("PATCH", place, json={"Name": "First"})
    assert (status, made["success"], made["created"]) == (201, True, True)
    status, changed, _ = await api.call("PATCH", place, json={"Name": "Second"})
    assert (status, changed) == (200, {"id": made["id"], "success": True, "errors": [], "created": False})
    status, read, _ = await api.call("GET", place)
    assert (read["Name"], read["External_Id__c"]) == ("Second", "a/b ü")
    assert (await api.call("DELETE", place))[0] == 204
    assert small.org.get("Account", made["id"]) is None


async def test_parents_and_children_in_a_query(small: SmallOrg, api: Api) -> None:
    body = await api.query(
        "SELECT Name, Account.Name, Account.Owner.Name, "
        "(SELECT Contact.Name, IsPrimary FROM OpportunityContactRoles ORDER BY IsPrimary DESC), "
        "(SELECT Subject FROM Tasks WHERE Subject != 'Task 1' ORDER BY Subject DESC LIMIT 1), "
        "(SELECT Id FROM Notes), (SELECT ContentDocument.LatestPublishedVersion.TextPreview "
        "FROM ContentDocumentLinks) FROM Opportunity WHERE Name IN ('Alpha', 'Delta 50%')"
    )
    alpha, delta = body["records"]
    assert (body["totalSize"], body["done"]) == (2, True)
    assert (
        alpha["Account"]["attributes"]["url"] == f"/services/data/v66.0/sobjects/Account/{small.ids['acme']}"
    )
    assert (alpha["Account"]["Name"], alpha["Account"]["Owner"]["Name"]) == ("Acme", "Ada Admin")
    roles = alpha["OpportunityContactRoles"]
    assert (roles["totalSize"], roles["done"]) == (2, True)
    assert [(each["Contact"]["Name"], each["IsPrimary"]) for each in roles["records"]] == [
        ("Ann Berg", True),
        ("Dahl", False),
    ]
    assert [each["Subject"] for each in alpha["Tasks"]["records"]] == ["Task 2"]
    assert alpha["Notes"] is None
    (link,) = alpha["ContentDocumentLinks"]["records"]
    assert link["ContentDocument"]["LatestPublishedVersion"]["TextPreview"] == "Hello there"
    assert (delta["Account"], delta["OpportunityContactRoles"], delta["Tasks"]) == (None, None, None)


async def test_a_reference_to_several_objects_shows_the_name_object(small: SmallOrg, api: Api) -> None:
    body = await api.query(
        "SELECT What.Name, What.Type, Who.Name FROM Task WHERE Subject IN ('Task 0', 'Call')"
    )
    task, call = body["records"]
    assert task["What"] == {
        "attributes": {
            "type": "Name",
            "url": f"/services/data/v66.0/sobjects/Opportunity/{small.ids['Alpha']}",
        },
        "Name": "Alpha",
        "Type": "Opportunity",
    }
    assert (call["What"]["Type"], call["Who"]) == ("Account", None)


async def test_an_address_is_a_compound(api: Api) -> None:
    body = await api.query("SELECT BillingAddress, ShippingAddress FROM Account LIMIT 1")
    (account,) = body["records"]
    assert account["BillingAddress"]["city"] == "Oslo"
    assert account["BillingAddress"]["geocodeAccuracy"] is None
    assert account["ShippingAddress"] is None


async def test_counting_gives_no_records(api: Api) -> None:
    assert await api.query("SELECT COUNT() FROM Opportunity WHERE IsWon = true") == {
        "totalSize": 2,
        "done": True,
        "records": [],
    }


async def pages(api: Api, soql: str, size: int) -> list[dict[str, Any]]:
    headers = {"Sforce-Query-Options": f"batchSize={size}"}
    found = [await api.query(soql, headers=headers)]
    while not found[-1]["done"]:
        status, body, _ = await api.call("GET", found[-1]["nextRecordsUrl"], headers=headers)
        assert status == 200, body
        found.append(body)
    return found


def fill(small: SmallOrg, accounts: int, contacts: int) -> None:
    with small.org.transaction(small.user) as tx:
        for number in range(accounts):
            account = tx.create("Account", {"Name": f"Filled {number:04d}"})
            for each in range(contacts):
                tx.create("Contact", {"LastName": f"C{each:04d}", "AccountId": account})


async def test_pages(small: SmallOrg, api: Api) -> None:
    fill(small, 450, 0)
    soql = "SELECT Name FROM Account WHERE Name LIKE 'Filled%' ORDER BY Name"
    found = await pages(api, soql, 200)
    assert [len(page["records"]) for page in found] == [200, 200, 50]
    assert {page["totalSize"] for page in found} == {450}
    assert found[0]["nextRecordsUrl"].startswith("/services/data/v66.0/query/01g")
    assert found[0]["nextRecordsUrl"].endswith("-200")
    assert "nextRecordsUrl" not in found[-1]
    names = [record["Name"] for page in found for record in page["records"]]
    assert names == [f"Filled {number:04d}" for number in range(450)]
    # Smaller than the smallest and larger than the largest size are taken for those.
    assert [len(page["records"]) for page in await pages(api, soql, 1)] == [200, 200, 50]
    assert [len(page["records"]) for page in await pages(api, soql, 999_999)] == [450]


async def test_children_count_towards_the_page(small: SmallOrg, api: Api) -> None:
    fill(small, 100, 9)
    found = await pages(
        api, "SELECT Name, (SELECT Id FROM Contacts) FROM Account WHERE Name LIKE 'Filled%'", 200
    )
    assert [len(page["records"]) for page in found] == [20] * 5
    assert sum(record["Contacts"]["totalSize"] for page in found for record in page["records"]) == 900


async def test_a_long_list_of_children_has_pages_of_its_own(small: SmallOrg, api: Api) -> None:
    fill(small, 2, 450)
    (first, second) = await pages(
        api,
        "SELECT (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account WHERE Name LIKE 'Filled%'",
        200,
    )
    for page in (first, second):
        (account,) = page["records"]
        children = account["Contacts"]
        assert (children["totalSize"], children["done"], len(children["records"])) == (450, False, 199)
        names = [each["LastName"] for each in children["records"]]
        while not children["done"]:
            _, children, _ = await api.call("GET", children["nextRecordsUrl"])
            names += [each["LastName"] for each in children["records"]]
        assert names == [f"C{number:04d}" for number in range(450)]


async def test_a_cursor_is_for_one_user_and_two_days(small: SmallOrg, api: Api) -> None:
    fill(small, 250, 0)
    headers = {"Sforce-Query-Options": "batchSize=200"}
    page = await api.query("SELECT Id FROM Account", headers=headers)
    other = small.org.sessions.issue(small.org.integration_user_id, "test").token
    status, errors, _ = await api.call(
        "GET", page["nextRecordsUrl"], headers={"Authorization": f"Bearer {other}"}
    )
    assert (status, errors[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")
    small.org.clock.advance(timedelta(days=2))
    api.token = small.org.sessions.issue(small.user, "test").token
    status, errors, _ = await api.call("GET", page["nextRecordsUrl"])
    assert (status, errors[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


async def test_query_all_sees_the_recycle_bin(api: Api) -> None:
    status, body, _ = await api.call(
        "GET", "queryAll/", params={"q": "SELECT Name FROM Account WHERE IsDeleted=true"}
    )
    assert (status, [each["Name"] for each in body["records"]]) == (200, ["Gone"])


async def test_describe(small: SmallOrg, api: Api) -> None:
    status, body, reply = await api.call("GET", "sobjects/opportunity/describe")
    assert (status, body["name"], body["keyPrefix"], body["queryable"]) == (200, "Opportunity", "006", True)
    fields = {field["name"]: field for field in body["fields"]}
    stage = fields["StageName"]
    assert (stage["type"], stage["label"], stage["nillable"], stage["length"]) == (
        "picklist",
        "Stage",
        False,
        255,
    )
    assert stage["picklistValues"][0] == {
        "active": True,
        "defaultValue": False,
        "label": "Prospecting",
        "validFor": None,
        "value": "Prospecting",
    }
    assert (fields["AccountId"]["referenceTo"], fields["AccountId"]["relationshipName"]) == (
        ["Account"],
        "Account",
    )
    assert fields["Term_Months__c"]["custom"]
    children = {each["relationshipName"]: each["childSObject"] for each in body["childRelationships"]}
    assert children["OpportunityContactRoles"] == "OpportunityContactRole"

    seen = {"If-Modified-Since": reply.headers["Last-Modified"]}
    status, empty, _ = await api.call("GET", "sobjects/Opportunity/describe", headers=seen)
    assert (status, empty) == (304, b"")
    small.org.access.hide("Opportunity", "Amount", small.user)
    status, body, _ = await api.call("GET", "sobjects/Opportunity/describe", headers=seen)
    assert status == 200
    assert "Amount" not in {field["name"] for field in body["fields"]}
    status, read, _ = await api.call("GET", f"sobjects/Opportunity/{small.ids['Alpha']}")
    assert "Amount" not in read


async def test_every_object_is_listed(small: SmallOrg, api: Api) -> None:
    _, body, _ = await api.call("GET", "sobjects")
    assert {each["name"] for each in body["sobjects"]} == set(small.org.objects)
    assert (body["encoding"], body["maxBatchSize"]) == ("UTF-8", 200)
    _, basic, _ = await api.call("GET", "sobjects/Account")
    assert basic["objectDescribe"]["urls"]["describe"] == "/services/data/v66.0/sobjects/Account/describe"


async def test_the_body_of_a_note(small: SmallOrg, api: Api) -> None:
    place = f"sobjects/ContentVersion/{small.ids['note']}"
    _, version, _ = await api.call("GET", place)
    assert version["VersionData"] == f"/services/data/v66.0/{place}/VersionData"
    assert (await api.call("GET", version["VersionData"]))[1] == b"<p>Hello <b>there</b></p>"
    document = version["ContentDocumentId"]
    assert (await api.call("GET", f"sobjects/ContentNote/{document}/Content"))[
        1
    ] == b"<p>Hello <b>there</b></p>"
    (note,) = (await api.query(f"SELECT Title, TextPreview FROM ContentNote WHERE Id = '{document}'"))[
        "records"
    ]
    assert (note["Title"], note["TextPreview"]) == ("Kick-off", "Hello there")


async def test_a_file_comes_in_as_base64_or_as_a_part(api: Api) -> None:
    fields = {"Title": "plan", "PathOnClient": "plan.txt"}
    data = base64.b64encode(b"inline").decode()
    _, made, _ = await api.call("POST", "sobjects/ContentVersion", json={**fields, "VersionData": data})
    assert (await api.call("GET", f"sobjects/ContentVersion/{made['id']}/VersionData"))[1] == b"inline"
    form = aiohttp.FormData()
    form.add_field("entity_content", json.dumps(fields), content_type="application/json")
    form.add_field("VersionData", b"\x00\xffbinary", filename="plan.txt", content_type="text/plain")
    status, made, _ = await api.call("POST", "sobjects/ContentVersion", data=form)
    assert status == 201, made
    assert (await api.call("GET", f"sobjects/ContentVersion/{made['id']}/VersionData"))[
        1
    ] == b"\x00\xffbinary"


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


def part(method: str, path: str, reference_id: str, body: object = None) -> dict[str, object]:
    url = f"/services/data/v66.0/{path}"
    return {"method": method, "url": url, "referenceId": reference_id, **({"body": body} if body else {})}


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


async def test_limits_and_what_is_left_of_them(small: SmallOrg, api: Api) -> None:
    _, body, reply = await api.call("GET", "limits/")
    assert body["DailyApiRequests"] == {"Max": 115_000, "Remaining": 114_999}
    assert reply.headers["Sforce-Limit-Info"] == "api-usage=1/115000"
    small.org.limits.max_api_calls = 2
    await api.call("GET", "limits")
    status, errors, reply = await api.call("GET", "limits")
    assert (status, errors) == (
        403,
        [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}],
    )
    assert reply.headers["Sforce-Limit-Info"] == "api-usage=2/2"


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer 00D\u20ac!x"])
async def test_no_session(api: Api, authorization: str) -> None:
    status, errors, _ = await api.call("GET", "limits", headers={"Authorization": authorization})
    assert status == 401
    assert errors == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


async def test_a_session_ends_two_hours_after_its_last_use(small: SmallOrg, api: Api) -> None:
    for minutes in (119, 119):
        small.org.clock.advance(timedelta(minutes=minutes))
        assert (await api.call("GET", "limits"))[0] == 200
    small.org.clock.advance(timedelta(hours=2))
    assert (await api.call("GET", "limits"))[0] == 401


async def test_long_uris_and_headers(api: Api) -> None:
    ids = ",".join("'0066k0000000001AAA'" for _ in range(1_000))
    status, text, _ = await api.call(
        "GET", "query", params={"q": f"SELECT Id FROM Opportunity WHERE Id IN ({ids})"}
    )
    assert (status, b"414" in text) == (414, True)
    status, text, _ = await api.call(
        "GET", "limits", headers={"X-Long": "x" * 8_190, "X-Longer": "x" * 8_190}
    )
    assert status == 431
    body = {
        "compositeRequest": [part("GET", f"query?q=SELECT Id FROM Opportunity WHERE Id IN ({ids})", "all")]
    }
    _, answer, _ = await api.call("POST", "composite", json=body)
    assert answer["compositeResponse"][0]["body"]["totalSize"] == 1


async def test_a_body_that_is_too_large(api: Api) -> None:
    status, errors, _ = await api.call("POST", "sobjects/Account", data=io.BytesIO(b"x" * (9 * 1024 * 1024)))
    assert (status, errors[0]["errorCode"]) == (413, "REQUEST_ENTITY_TOO_LARGE")


async def test_a_very_long_query(api: Api) -> None:
    for length, reason in ((100_001, "cannot be longer"), (99_000, "at most 4000")):
        soql = "SELECT Id FROM Account WHERE Name = '"
        soql += "x" * (length - len(soql) - 1) + "'"
        body = {"compositeRequest": [part("GET", "query?q=" + quote(soql), "q")]}
        _, answer, _ = await api.call("POST", "composite", json=body)
        (error,) = answer["compositeResponse"][0]["body"]
        assert error["errorCode"] == "MALFORMED_QUERY"
        assert reason in error["message"]


@pytest.mark.parametrize(
    "junk",
    [
        "' OR Name != '",
        "0016k0000000001AAA'--",
        "%00",
        "%ff%fe",
        "%ED%A0%80",
        "💥",
        "a" * 5_000,
        "%2e%2e%2f",
    ],
)
async def test_junk_for_an_id(api: Api, junk: str) -> None:
    for path in (f"sobjects/Account/{quote(junk)}", f"sobjects/{quote(junk)}/x", f"query/{quote(junk)}"):
        status, errors, _ = await api.call("GET", path)
        assert status in {400, 404}, errors
        assert errors[0]["errorCode"]


async def test_answers_are_zipped_for_whoever_can_read_that(api: Api) -> None:
    url = f"{api.url}/services/data/v66.0/sobjects/Account/describe"
    async with aiohttp.ClientSession(auto_decompress=False) as raw:
        headers = {
            "Authorization": f"Bearer {api.token}",
            "Accept-Encoding": "gzip, deflate",
            "X-PrettyPrint": "1",
        }
        async with raw.get(url, headers=headers) as reply:
            assert reply.headers["Content-Encoding"] == "gzip"
            assert json.loads(gzip.decompress(await reply.read()))["name"] == "Account"
        async with raw.get(url, headers={**headers, "Accept-Encoding": "identity"}) as reply:
            assert "Content-Encoding" not in reply.headers
        body = gzip.compress(b'{"Name": "Zipped"}')
        async with raw.post(
            f"{api.url}/services/data/v66.0/sobjects/Account",
            data=body,
            headers={**headers, "Content-Encoding": "gzip", "Content-Type": "application/json"},
        ) as reply:
            assert reply.status == 201


async def test_writes_carry_the_client_s_name_into_the_change_event(small: SmallOrg, api: Api) -> None:
    before = small.org.changes.newest
    headers = {"Sforce-Call-Options": "client=acme_sync, defaultNamespace=x"}
    await api.call("POST", "sobjects/Account", json={"Name": "Origin"}, headers=headers)
    (event,) = small.org.changes.after(before)
    assert event.change_origin == "com/salesforce/api/rest/66.0;client=acme_sync"

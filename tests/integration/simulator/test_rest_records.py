# ruff: noqa: S608 - the queries are the tests' own
"""REST: records from their creation to the recycle bin, described, with their bodies."""

import base64
import json
from urllib.parse import quote

import aiohttp

from tests.fixtures.served_org import Api
from tests.fixtures.small_org import SmallOrg


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
    assert {each["name"] for each in body["sobjects"]} == {
        kind.name for kind in small.org.objects.values() if not kind.tooling
    }
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


async def test_writes_carry_the_client_s_name_into_the_change_event(small: SmallOrg, api: Api) -> None:
    before = small.org.changes.newest
    headers = {"Sforce-Call-Options": "client=acme_sync, defaultNamespace=x"}
    await api.call("POST", "sobjects/Account", json={"Name": "Origin"}, headers=headers)
    (event,) = small.org.changes.after(before)
    assert event.change_origin == "com/salesforce/api/rest/66.0;client=acme_sync"

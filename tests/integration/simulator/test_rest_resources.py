# ruff: noqa: S608 - the queries are the tests' own
"""REST: versions, resources, what is refused and how, sessions, sizes."""

import gzip
import io
import json
from datetime import timedelta
from urllib.parse import quote

import aiohttp
import pytest

from tests.fixtures.served_org import Api, part
from tests.fixtures.small_org import SmallOrg


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

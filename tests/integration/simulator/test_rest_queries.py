"""REST: queries, their parents, children and pages."""

from datetime import timedelta
from typing import Any

from tests.fixtures.served_org import Api
from tests.fixtures.small_org import SmallOrg


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

"""simple-salesforce as it is, against the simulated org. It speaks https only; the adapter takes that off."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from connectors.salesforce.simulator.connected_app import make_key
from tests.fixtures.served_org import serving
from tests.fixtures.small_org import SmallOrg, small_org

T = TypeVar("T")


class OnLoopback(HTTPAdapter):
    """Carries requests for whatever https host to the org on loopback."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._place = urlsplit(url)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]  # the options pass through
        parts = urlsplit(str(request.url))
        request.url = urlunsplit(("http", self._place.netloc, parts.path, parts.query, ""))
        return super().send(request, **options)


@dataclass
class Client:
    small: SmallOrg
    url: str

    @property
    def session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", OnLoopback(self.url))
        return session

    @property
    def person(self) -> dict[str, str]:
        (credential,) = self.small.org.credentials.values()
        return {"username": credential.username, "password": credential.password}

    def salesforce(self) -> Any:
        """Give a client with a session of its own."""
        token = self.small.org.sessions.issue(self.small.user, "test").token
        return Salesforce(session_id=token, instance_url=self.url, session=self.session, version="66.0")


@pytest.fixture(name="client")
async def _client() -> AsyncIterator[Client]:
    small = small_org()
    async with serving(small.org) as url:
        yield Client(small, url)


async def run(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)


async def test_it_logs_in_in_every_way_it_knows(client: Client) -> None:
    org = client.small.org
    private, org.app.public_key_pem = make_key()
    (credential,) = org.credentials.values()
    app = {"consumer_key": org.app.client_id, "consumer_secret": org.app.client_secret}
    # Its assertion expires by the machine's clock.
    org.clock.set(datetime.now(UTC))
    ways: list[dict[str, Any]] = [
        {**client.person, "security_token": credential.security_token},
        {**client.person, "organizationId": org.org_id},
        {**client.person, **app},
        {**app, "domain": "acme.my"},
        {"username": credential.username, "consumer_key": org.app.client_id, "privatekey": private.decode()},
    ]

    def work() -> list[int]:
        return [
            Salesforce(**way, session=client.session).query("SELECT COUNT() FROM Opportunity")["totalSize"]
            for way in ways
        ]

    assert await run(work) == [5] * len(ways)


async def test_a_wrong_password_is_told_as_it_expects(client: Client) -> None:
    def work() -> None:
        Salesforce(**{**client.person, "password": "x"}, security_token="", session=client.session)

    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        await run(work)


async def test_records(client: Client) -> None:
    def work() -> None:
        sf = client.salesforce()
        made = sf.Account.create({"Name": "O'Neil", "NumberOfEmployees": 3})
        assert made["success"]
        assert sf.Account.get(made["id"])["NumberOfEmployees"] == 3
        assert sf.Account.update(made["id"], {"Industry": "Banking"}) == 204
        assert sf.Account.upsert("External_Id__c/E1", {"Name": "Upserted"}) == 201
        assert sf.Account.upsert("External_Id__c/E1", {"Name": "Again"}) == 200
        assert sf.Account.get_by_custom_id("External_Id__c", "E1")["Name"] == "Again"
        soql = format_soql(
            "SELECT Id FROM Account WHERE Name = {} AND Industry IN {}", "O'Neil", ["Banking", "x"]
        )
        assert sf.query(soql)["records"][0]["Id"] == made["id"]
        assert sf.Account.delete(made["id"]) == 204
        with pytest.raises(SalesforceResourceNotFound):
            sf.Account.get(made["id"])
        with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
            sf.Account.create({})

    await run(work)


async def test_queries(client: Client) -> None:
    with client.small.org.transaction(client.small.user) as tx:
        for number in range(2_100):
            tx.create("Account", {"Name": f"A{number}"})

    def work() -> None:
        sf = client.salesforce()
        every = sf.query_all("SELECT Id, Name FROM Account")
        assert (every["totalSize"], len(every["records"]), every["done"]) == (2_102, 2_102, True)
        assert len(list(sf.query_all_iter("SELECT Id FROM Account", include_deleted=True))) == 2_103
        page = sf.query("SELECT Id FROM Account")
        assert len(sf.query_more(page["nextRecordsUrl"], identifier_is_url=True)["records"]) == 102
        with pytest.raises(SalesforceMalformedRequest, match="unexpected token: 'FORM'"):
            sf.query("SELECT Id FORM Account")
        assert sf.is_sandbox() is False

    await run(work)


async def test_descriptions_and_limits(client: Client) -> None:
    def work() -> None:
        sf = client.salesforce()
        assert "Opportunity" in {each["name"] for each in sf.describe()["sobjects"]}
        assert sf.Opportunity.describe()["keyPrefix"] == "006"
        assert sf.Opportunity.metadata()["objectDescribe"]["name"] == "Opportunity"
        assert sf.limits()["DailyApiRequests"]["Max"] == 115_000
        assert sf.api_usage["api-usage"].used == 4
        assert sf.restful("sobjects/Account/describe", params=None)["name"] == "Account"
        assert sf.oauth2("userinfo")["user_id"] == client.small.user

    await run(work)


async def test_a_session_that_ended_is_renewed_or_told(client: Client) -> None:
    def work() -> None:
        own = client.salesforce()
        by_password = Salesforce(**client.person, security_token="", session=client.session)
        client.small.org.sessions.expire_all()
        assert by_password.query("SELECT Id FROM User LIMIT 1")["totalSize"] == 1
        with pytest.raises(SalesforceExpiredSession):
            own.query("SELECT Id FROM User LIMIT 1")

    await run(work)

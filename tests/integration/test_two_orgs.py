"""Two orgs share nothing: whatever becomes of one, the other's deals are looked up as before."""

import asyncio
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from connectors.ports import SystemClock
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.login import OAuthLogin
from connectors.salesforce.simulator.faults import HttpFault
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.seed import plant
from connectors.salesforce.simulator.server import OrgServer
from connectors.secrets.config import ConnectionsConfig
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.errors import DealwireError
from streams.connecting import Wanted, ensure_key, keep
from streams.lookups import OrgLookups
from streams.metrics import Metrics
from streams.org_access import org_access
from streams.settings import Settings

MANY = 1_000_000
HTML = "<html><body>Down For Maintenance</body></html>"


def rest_error(code: str, message: str) -> str:
    return json.dumps([{"errorCode": code, "message": message}])


NO_LOGIN = json.dumps({"error": "invalid_grant", "error_description": "authentication failure"})
NO_SESSION = rest_error("INVALID_SESSION_ID", "Session expired or invalid")
NO_CALLS = rest_error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


STORMS = {
    "down": HttpFault("/", MANY, status=503, body=HTML),
    "refuses logins": HttpFault("/oauth2/token", MANY, status=400, body=NO_LOGIN),
    "ends every session": HttpFault("/services/data", MANY, status=401, body=NO_SESSION),
    "has no calls left": HttpFault(
        "/services/data",
        MANY,
        status=403,
        body=NO_CALLS,
    ),
    "cuts connections": HttpFault("/", MANY, kill="before"),
    "hangs": HttpFault("/", MANY, delay=timedelta(hours=1)),
    "hangs after the login": HttpFault("/services/data", MANY, delay=timedelta(hours=1)),
}


@dataclass
class Two:
    """Both orgs behind their connections, in one worker's lookups."""

    stormy: OrgServer
    calm: OrgServer
    lookups: OrgLookups

    async def fetch(self, org: Org) -> list[tuple[str, str]]:
        lookup = await self.lookups.of(org.org_id)
        assert lookup is not None
        deals = [str(row["Id"]) for row in org.rows("Opportunity")]
        requests = [
            EnrichmentRequest(id=f"r{each}", org_id=org.org_id, opportunity_id=each) for each in deals
        ]
        found = []
        for answer in await lookup.fetch(requests):
            assert isinstance(answer, EnrichedDeal), answer
            found.append((answer.opportunity_id, answer.opportunity.name))
        return found


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    where = ConnectionsConfig(folder=tmp_path / "connections", keys_file=tmp_path / "keys")
    ensure_key(where)
    servers = []
    for number, name in enumerate(("stormy", "calm"), start=1):
        server = OrgServer(Org(seed=number))
        plant(server.org, 5)
        await server.start()
        servers.append(server)
        app = server.org.app
        known = {"login_url": server.org.login_url, "client_id": app.client_id}
        config = SalesforceConfig.model_validate(known | {"client_secret": app.client_secret})
        grant = await OAuthLogin(config, SystemClock()).grant()
        await keep(where, Wanted(name, config, app.client_secret), grant)
    orgs = {name: SalesforceConfig(connection=name) for name in ("stormy", "calm")}
    settings = Settings(connections=where, orgs=orgs)
    lookups = OrgLookups({name: partial(org_access, settings, name) for name in orgs}, Metrics())
    try:
        yield Two(servers[0], servers[1], lookups)
    finally:
        await lookups.close()
        for server in servers:
            await server.stop()


@pytest.mark.parametrize("storm", STORMS)
@pytest.mark.parametrize("known_before", [True, False], ids=["already known", "from the start"])
async def test_one_orgs_fault_storm_leaves_the_others_deals_unharmed(
    two: Two, storm: str, known_before: bool
) -> None:
    # One thread for all that share: who took it for the stormy org would stop the calm one.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    if known_before:
        await two.fetch(two.stormy.org)
    two.stormy.faults.http.append(replace(STORMS[storm]))
    two.stormy.org.sessions.expire_all()
    in_trouble = [asyncio.create_task(two.fetch(two.stormy.org)) for _ in range(6)]
    before = two.calm.org.limits.api_calls.used
    rounds = [await two.fetch(two.calm.org) for _ in range(3)]
    assert rounds[0] == rounds[1] == rounds[2]
    assert len(rounds[0]) == 5
    # Nor does it cost the calm org anything: one call of description, one a round, and no second login.
    assert two.calm.org.limits.api_calls.used - before <= 5
    assert len(two.calm.org.sessions._sessions) == 2
    for task in in_trouble:
        task.cancel()
    ended = await asyncio.gather(*in_trouble, return_exceptions=True)
    assert all(isinstance(each, (DealwireError, AssertionError, asyncio.CancelledError)) for each in ended)


async def test_each_org_has_its_own_token_and_secret(two: Two) -> None:
    for server in (two.stormy, two.calm):
        await two.fetch(server.org)
    issued = [set(server.org.sessions._sessions) for server in (two.stormy, two.calm)]
    assert not issued[0] & issued[1]
    assert [len(each) for each in issued] == [2, 2]

"""Each org's lookup is found by its id, whatever becomes of the other orgs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from connectors.salesforce.auth import Token, TokenManager
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.simulator.server import OrgServer
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.errors import RefusedError, UnavailableError, UsageError
from streams.lookups import OrgLookups
from streams.metrics import API_CALLS_ALLOWED, API_CALLS_USED, Metrics
from streams.org_access import OrgAccess
from tests.fixtures.salesforce_client import a_config
from tests.fixtures.small_org import SmallOrg, small_org

ACME, GLOBEX = "00D5g000000Jm5XEAS", "00D000000000009AAA"
FAILURES = [UnavailableError("down"), RefusedError("a wrong secret"), UsageError("there is no connection")]


@asynccontextmanager
async def served(made: SmallOrg) -> AsyncIterator[OrgAccess]:
    server = OrgServer(made.org)
    await server.start()
    app = made.org.app
    secret = {"client_secret": app.client_secret}
    config = SalesforceConfig(login_url=made.org.login_url, client_id=app.client_id, **secret)
    try:
        yield OrgAccess(config, TokenManager(config))
    finally:
        await server.stop()


async def test_a_lookup_is_found_by_the_orgs_id_and_its_calls_are_shown() -> None:
    made, metrics = small_org(), Metrics()
    async with served(made) as access:
        lookups = OrgLookups({"local": lambda: access}, metrics)
        lookup = await lookups.of(made.org.org_id)
        assert lookup is not None
        request = EnrichmentRequest(id="r", org_id=made.org.org_id, opportunity_id=made.ids["Alpha"])
        (deal,) = await lookup.fetch([request])
        assert isinstance(deal, EnrichedDeal)
        assert await lookups.of(GLOBEX) is None
        await lookups.close()
    used = metrics.value(API_CALLS_USED, org=made.org.org_id)
    assert used == made.org.limits.api_calls.used > 0
    assert metrics.value(API_CALLS_ALLOWED, org=made.org.org_id) == made.org.limits.max_api_calls


def logging_in(login: Callable[[], "asyncio.Future[Token]"]) -> Callable[[], OrgAccess]:
    config = a_config()

    async def wait() -> Token:
        return await login()

    return partial(OrgAccess, config, TokenManager(config, login=wait))


def a_login(org_id: str) -> "asyncio.Future[Token]":
    found: asyncio.Future[Token] = asyncio.get_running_loop().create_future()
    found.set_result(Token("t", "https://acme.my.salesforce.com", org_id))
    return found


async def test_an_org_that_hangs_keeps_no_other_waiting() -> None:
    hanging: asyncio.Future[Token] = asyncio.get_running_loop().create_future()
    orgs = {"hangs": logging_in(lambda: hanging), "works": logging_in(lambda: a_login(ACME))}
    lookups = OrgLookups(orgs, Metrics())
    of_the_hanging = asyncio.create_task(lookups.of(GLOBEX))
    # Deals of the good org are looked up although somebody waits for the other.
    for _ in range(3):
        assert await lookups.of(ACME) is not None
    assert not of_the_hanging.done()
    hanging.set_result(a_login(GLOBEX).result())
    assert await of_the_hanging is not None
    await lookups.close()


@pytest.mark.parametrize("failure", FAILURES, ids=lambda each: type(each).__name__)
async def test_an_org_that_fails_fails_alone(failure: Exception) -> None:
    def fails() -> "asyncio.Future[Token]":
        raise failure

    def has_no_connection() -> OrgAccess:
        raise failure

    for first in (logging_in(fails), has_no_connection):
        lookups = OrgLookups({"fails": first, "works": logging_in(lambda: a_login(ACME))}, Metrics())
        assert await lookups.of(ACME) is not None
        with pytest.raises(UnavailableError, match=str(failure)):
            await lookups.of(GLOBEX)
        assert await lookups.of(ACME) is not None
        await lookups.close()


async def test_who_stops_waits_for_nobody() -> None:
    hanging: asyncio.Future[Token] = asyncio.get_running_loop().create_future()
    lookups = OrgLookups({"hangs": logging_in(lambda: hanging)}, Metrics())
    asking = asyncio.create_task(lookups.of(ACME))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await lookups.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
    hanging.cancel()

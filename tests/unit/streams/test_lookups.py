from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.simulator.server import OrgServer
from schemas.deal import EnrichedDeal, EnrichmentRequest
from streams.lookups import OrgLookups
from streams.metrics import API_CALLS_ALLOWED, API_CALLS_USED, Metrics
from tests.fixtures.small_org import small_org


async def test_a_lookup_is_found_by_the_orgs_id_and_its_calls_are_shown() -> None:
    made = small_org()
    server = OrgServer(made.org)
    await server.start()
    app = made.org.app
    secret = {"client_secret": app.client_secret}
    config = SalesforceConfig(login_url=made.org.login_url, client_id=app.client_id, **secret)
    metrics = Metrics()
    lookups = OrgLookups({"local": config}, metrics)
    try:
        lookup = await lookups.of(made.org.org_id)
        assert lookup is not None
        request = EnrichmentRequest(id="r", org_id=made.org.org_id, opportunity_id=made.ids["Alpha"])
        (deal,) = await lookup.fetch([request])
        assert isinstance(deal, EnrichedDeal)
        assert await lookups.of("00D000000000009AAA") is None
    finally:
        await lookups.close()
        await server.stop()
    used = metrics.value(API_CALLS_USED, org=made.org.org_id)
    assert used == made.org.limits.api_calls.used > 0
    assert metrics.value(API_CALLS_ALLOWED, org=made.org.org_id) == made.org.limits.max_api_calls

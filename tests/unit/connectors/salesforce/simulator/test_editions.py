"""What an edition lacks is not there, by any way that a client may ask for it."""

import pytest

from connectors.salesforce.simulator.cometd.channels import ALL, open_channel
from connectors.salesforce.simulator.limits import Edition
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.pubsub.failures import PubSubError
from connectors.salesforce.simulator.pubsub.topics import find_topic
from connectors.salesforce.simulator.seed import plant
from tests.fixtures.polled_org import OrgRest, Polled, changes_of, entries_of

OPPORTUNITIES = "/data/OpportunityChangeEvent"


@pytest.fixture
def professional() -> Org:
    org = Org(edition=Edition.PROFESSIONAL, jitter_seconds=0)
    plant(org, 3)
    return org


def moved(org: Org) -> str:
    deal = str(next(iter(org.rows("Opportunity")))["Id"])
    with org.transaction(org.admin_id) as tx:
        tx.update("Opportunity", deal, {"StageName": "Closed Won"})
    return deal


@pytest.mark.parametrize("channel", [ALL, OPPORTUNITIES])
def test_professional_has_no_channel_of_changes(professional: Org, channel: str) -> None:
    before = professional.changes.newest
    moved(professional)
    assert professional.changes.newest == before
    refused = open_channel(professional, professional.integration_user_id, channel)
    assert refused == f"400::The channel you requested to subscribe to doesn't exist {{{channel}}}"
    with pytest.raises(PubSubError, match="does not exist"):
        find_topic(professional, channel)
    enterprise = Org()
    assert not isinstance(open_channel(enterprise, enterprise.integration_user_id, channel), str)
    assert find_topic(enterprise, channel).name == channel


async def test_professional_is_polled(professional: Org) -> None:
    polled = Polled(professional)
    await polled.open(None)
    await polled.poll()
    deal = moved(professional)
    found = entries_of(changes_of(await polled.poll()))
    assert [(each.opportunity_id, each.stage) for each in found] == [(deal, "Closed Won")]


async def test_professional_says_what_it_is(professional: Org) -> None:
    rest = OrgRest(professional)
    answer = await rest.call("GET", "query?q=SELECT+OrganizationType+FROM+Organization")
    assert answer["records"][0]["OrganizationType"] == "Professional Edition"
    listed = await rest.call("GET", "sobjects")
    assert not [each for each in listed["sobjects"] if each["name"].endswith("ChangeEvent")]


def test_a_user_who_is_deactivated_is_out_at_once(professional: Org) -> None:
    org = professional
    user, other = org.integration_user_id, org.admin_id
    tokens = {each: org.sessions.issue(each, "app").token for each in (user, other)}
    undone = org.transaction(other)
    undone.change("User", user, {"IsActive": False})
    undone.__exit__(RuntimeError, RuntimeError(), None)
    assert org.sessions.lookup(tokens[user]) is not None
    with org.transaction(other) as tx:
        tx.change("User", user, {"IsActive": False})
    assert org.sessions.lookup(tokens[user]) is None
    assert org.sessions.lookup(tokens[other]) is not None

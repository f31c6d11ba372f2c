"""The lookup against an org with hidden fields, long lists, changes underway and failures in part."""

from collections.abc import AsyncIterator

import pytest

from connectors.salesforce.lookup_query import MOST
from connectors.salesforce.simulator.faults import HttpFault
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.seed import plant
from schemas.deal import EnrichedDeal
from schemas.errors import DealwireError, RefusedError, UnavailableError
from tests.fixtures.salesforce_client import Served, asking, opportunity_ids, served
from tests.fixtures.small_org import SmallOrg, small_org


@pytest.fixture
def small() -> SmallOrg:
    return small_org()


@pytest.fixture
async def running(small: SmallOrg) -> AsyncIterator[Served]:
    async with served(small.org) as found:
        yield found


async def fetch(running: Served, *ids: str, fields: tuple[str, ...] = ()) -> list[EnrichedDeal]:
    """Fetch opportunities that are all expected to be answered."""
    found = await running.lookup.fetch(asking(running.org.org_id, *ids, custom_fields=fields))
    deals = [each for each in found if isinstance(each, EnrichedDeal)]
    assert len(deals) == len(ids)
    return deals


async def test_a_hundred_deals_are_one_call() -> None:
    org = Org(seed=2)
    plant(org, 250)
    async with served(org) as running:
        ids = list(opportunity_ids(org))
        await fetch(running, ids[0])
        for count in (1, 100, 250):
            before = org.limits.api_calls.used
            await fetch(running, *ids[:count])
            assert org.limits.api_calls.used == before + 1


async def test_reads_everything_of_a_deal(running: Served, small: SmallOrg) -> None:
    (deal,) = await fetch(running, small.ids["Alpha"])
    assert [each.subject for each in deal.activities] == ["Task 2", "Task 1", "Task 0"]
    assert [(each.source, each.title, each.text) for each in deal.notes] == [
        ("ContentNote", "Kick-off", "Hello there")
    ]
    assert [each.stage for each in deal.stage_history] == ["Prospecting"]
    assert deal.unreadable_fields == ()


async def test_private_notes_stay_private(running: Served, small: SmallOrg) -> None:
    with small.org.transaction(small.user) as tx:
        for private in (True, False):
            values = {"ParentId": small.ids["beta"], "Title": f"private {private}", "IsPrivate": private}
            tx.create("Note", {**values, "Body": "<p>Body</p>"})
    (deal,) = await fetch(running, small.ids["beta"])
    assert [(each.title, each.text, each.source) for each in deal.notes] == [
        ("private False", "Body", "Note")
    ]


async def test_hidden_fields_are_named(running: Served, small: SmallOrg) -> None:
    small.org.access.hide("Opportunity", "Amount")
    small.org.access.hide("Contact", "Email")
    small.org.access.hide("Opportunity", "Term_Months__c")
    (deal,) = await fetch(running, small.ids["Alpha"], fields=("Term_Months__c", "Segment__c"))
    assert deal.opportunity.amount is None
    assert [each.email for each in deal.contacts] == [None, None]
    assert set(deal.unreadable_fields) == {
        "Amount",
        "OpportunityContactRoles.Contact.Email",
        "Term_Months__c",
    }
    assert set(deal.opportunity.custom) == {"Segment__c"}


async def test_a_field_hidden_meanwhile_is_left_out(running: Served, small: SmallOrg) -> None:
    await fetch(running, small.ids["Alpha"])
    running.clock.move(minutes=5)
    small.org.access.hide("Opportunity", "Amount")
    (deal,) = await fetch(running, small.ids["Alpha"])
    assert deal.unreadable_fields == ("Amount",)


async def test_a_field_that_cannot_be_read_is_not_described_over_and_over(
    running: Served, small: SmallOrg
) -> None:
    await fetch(running, small.ids["Alpha"])
    small.org.access.hide("Opportunity", "Amount")
    with pytest.raises(UnavailableError):
        await fetch(running, small.ids["Alpha"])
    assert running.rest.calls == 4


async def test_a_field_given_back_is_seen_within_the_hour(running: Served, small: SmallOrg) -> None:
    small.org.access.hide("Opportunity", "Amount")
    await fetch(running, small.ids["Alpha"])
    small.org.access.show("Opportunity", "Amount")
    running.clock.move(minutes=61)
    (deal,) = await fetch(running, small.ids["Alpha"])
    assert deal.opportunity.amount == 1000


async def test_lists_are_read_over_pages() -> None:
    org = Org(seed=1, jitter_seconds=0)
    with org.transaction(org.admin_id) as tx:
        ids = [
            tx.create(
                "Opportunity", {"Name": str(each), "StageName": "Prospecting", "CloseDate": "2026-09-30"}
            )
            for each in range(50)
        ]
        contacts = [tx.create("Contact", {"LastName": f"c{each}"}) for each in range(30)]
        for each in ids:
            for contact in contacts:
                tx.create("OpportunityContactRole", {"OpportunityId": each, "ContactId": contact})
            for number in range(15):
                tx.create("Task", {"Subject": f"{number}", "WhatId": each})
                tx.create("Event", {"Subject": f"{number}", "WhatId": each, **_TIME})
    async with served(org) as running:
        deals = await fetch(running, *ids)
        assert running.rest.calls > 2
    assert [each.opportunity.name for each in deals] == [str(each) for each in range(50)]
    for deal in deals:
        assert len(deal.contacts) == MOST["OpportunityContactRoles"]
        assert len(deal.activities) == MOST["Tasks"] + MOST["Events"]
        assert deal.truncated == ("OpportunityContactRoles", "Tasks", "Events")


_TIME = {"StartDateTime": "2026-09-15T10:00:00.000+0000", "DurationInMinutes": 30}


async def test_a_login_that_is_refused_says_nothing_of_the_deals(running: Served, small: SmallOrg) -> None:
    small.org.app.client_secret = "CHANGED"
    with pytest.raises(UnavailableError, match="invalid_client") as raised:
        await running.lookup.fetch(asking(small.org.org_id, small.ids["Alpha"]))
    assert "client_secret" in raised.value.todo


async def test_a_refusal_in_its_place_needs_no_call(running: Served, small: SmallOrg) -> None:
    await running.rest.org_id()
    (no,) = await running.lookup.fetch(asking(small.org.org_id, "https://evil.example/"))
    assert isinstance(no, RefusedError)
    assert running.rest.calls == 0


async def test_a_deleted_opportunity_is_gone(running: Served, small: SmallOrg) -> None:
    await fetch(running, small.ids["Alpha"])
    with small.org.transaction(small.user) as tx:
        tx.delete("Opportunity", small.ids["Alpha"])
    found: list[EnrichedDeal | DealwireError] = list(
        await running.lookup.fetch(asking(small.org.org_id, small.ids["Alpha"], small.ids["beta"]))
    )
    assert isinstance(found[0], RefusedError)
    assert isinstance(found[1], EnrichedDeal)


async def test_an_outage_is_tried_again(running: Served, small: SmallOrg) -> None:
    running.server.faults.http.append(HttpFault("/composite", times=2, status=503))
    await fetch(running, small.ids["Alpha"])
    assert len(running.pauses.seconds) == 2

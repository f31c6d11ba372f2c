"""Every deal lookup keeps the same promises: the twin in memory, and REST against the simulated org."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from connectors.ports import DealLookup
from connectors.salesforce.memory import MemoryDealLookup
from connectors.salesforce.simulator.faults import HttpFault
from schemas.deal import Company, Contact, CustomValue, EnrichedDeal, Opportunity
from schemas.errors import RefusedError, UnavailableError
from schemas.ids import derived_id
from tests.fixtures.salesforce_client import NOW, HandClock, asking, served
from tests.fixtures.small_org import SmallOrg, small_org


@dataclass
class Subject:
    """A lookup of the small org, and how to break it off from Salesforce."""

    lookup: DealLookup
    small: SmallOrg
    break_off: Callable[[], None]

    @property
    def org_id(self) -> str:
        return self.small.org.org_id

    def id_of(self, name: str) -> str:
        return self.small.ids[name]


def _held(small: SmallOrg) -> list[EnrichedDeal]:
    """Give what the twin holds: Alpha and beta as the small org has them."""
    acme = Company(id=small.ids["acme"], name="Acme", industry="Banking")
    shared = {"id": "held", "org_id": small.org.org_id}
    term = {"Term_Months__c": CustomValue(type="double", value=None)}
    alpha = EnrichedDeal(
        **shared,
        opportunity_id=small.ids["Alpha"],
        opportunity=Opportunity(
            id=small.ids["Alpha"],
            name="Alpha",
            stage="Prospecting",
            amount=Decimal(1000),
            close_date=date(2026, 9, 14),
            custom=term,
        ),
        account=acme,
        contacts=(
            Contact(id=small.ids["ann"], name="Ann Berg", email="ann@acme.example", primary=True),
            Contact(id=small.ids["bo"], name="Dahl", email="bo@acme.example"),
        ),
    )
    beta = EnrichedDeal(
        **shared,
        opportunity_id=small.ids["beta"],
        opportunity=Opportunity(
            id=small.ids["beta"],
            name="beta",
            stage="Closed Won",
            amount=Decimal("2000.5"),
            is_closed=True,
            is_won=True,
            custom=term,
        ),
        account=acme,
    )
    return [alpha, beta]


@pytest.fixture(params=["memory", "rest"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    small = small_org()
    if request.param == "memory":
        memory = MemoryDealLookup(small.org.org_id, _held(small), clock=HandClock())

        def stop_memory() -> None:
            memory.unavailable = UnavailableError("down")

        yield Subject(memory, small, stop_memory)
        return
    async with served(small.org) as running:
        yield Subject(
            running.lookup,
            small,
            lambda: running.server.faults.http.append(HttpFault("/composite", times=9, status=503)),
        )


async def test_gives_the_deal(subject: Subject) -> None:
    (deal,) = await subject.lookup.fetch(asking(subject.org_id, subject.id_of("Alpha")))
    assert isinstance(deal, EnrichedDeal)
    assert (deal.opportunity.name, deal.opportunity.stage) == ("Alpha", "Prospecting")
    assert deal.opportunity.close_date == date(2026, 9, 14)
    assert deal.account is not None
    assert (deal.account.name, deal.account.industry) == ("Acme", "Banking")
    assert (deal.as_of, deal.org_id, deal.run_id) == (NOW, subject.org_id, "run-0")
    assert (deal.request_id, deal.id) == ("request-0", derived_id("enriched", "request-0"))


async def test_gives_money_exactly(subject: Subject) -> None:
    (deal,) = await subject.lookup.fetch(asking(subject.org_id, subject.id_of("beta")))
    assert isinstance(deal, EnrichedDeal)
    assert deal.opportunity.amount == Decimal("2000.5")
    assert isinstance(deal.opportunity.amount, Decimal)
    assert deal.opportunity.is_won


async def test_gives_the_primary_contact_first(subject: Subject) -> None:
    (deal,) = await subject.lookup.fetch(asking(subject.org_id, subject.id_of("Alpha")))
    assert isinstance(deal, EnrichedDeal)
    assert [(each.name, each.primary) for each in deal.contacts] == [("Ann Berg", True), ("Dahl", False)]


async def test_answers_in_the_order_asked(subject: Subject) -> None:
    names = ("beta", "Alpha", "beta")
    found = await subject.lookup.fetch(asking(subject.org_id, *(subject.id_of(name) for name in names)))
    assert [each.opportunity.name for each in found if isinstance(each, EnrichedDeal)] == list(names)
    assert len({each.id for each in found if isinstance(each, EnrichedDeal)}) == 3


async def test_takes_ids_of_fifteen_characters(subject: Subject) -> None:
    (deal,) = await subject.lookup.fetch(asking(subject.org_id, subject.id_of("Alpha")[:15]))
    assert isinstance(deal, EnrichedDeal)
    assert deal.opportunity_id == subject.id_of("Alpha")


async def test_is_the_same_when_asked_again(subject: Subject) -> None:
    requests = asking(subject.org_id, subject.id_of("Alpha"))
    assert await subject.lookup.fetch(requests) == await subject.lookup.fetch(requests)


@pytest.mark.parametrize(
    "wrong",
    [
        "https://evil.example/collect",
        "../../../services/oauth2",
        "006' OR Name LIKE '%",
        "",
        "0068u0000000001AAA0068u",
        "0018u0000000001AAA",
        "0068u0000000099AAA",
    ],
)
async def test_refuses_in_its_place_what_is_no_opportunity(subject: Subject, wrong: str) -> None:
    no, deal = await subject.lookup.fetch(asking(subject.org_id, wrong, subject.id_of("Alpha")))
    assert isinstance(no, RefusedError)
    assert isinstance(deal, EnrichedDeal)


async def test_refuses_another_org(subject: Subject) -> None:
    (no,) = await subject.lookup.fetch(asking("00D000000000000EAA", subject.id_of("Alpha")))
    assert isinstance(no, RefusedError)


async def test_gives_the_further_fields_that_were_asked_for(subject: Subject) -> None:
    fields = ("Term_Months__c", "Nope__c", "Account.Nope__c")
    asked, plain = await subject.lookup.fetch(
        asking(subject.org_id, subject.id_of("Alpha"), custom_fields=fields)
        + asking(subject.org_id, subject.id_of("Alpha"))
    )
    assert isinstance(asked, EnrichedDeal)
    assert isinstance(plain, EnrichedDeal)
    assert asked.opportunity.custom == {"Term_Months__c": CustomValue(type="double", value=None)}
    assert {"Nope__c", "Account.Nope__c"} <= set(asked.unreadable_fields)
    assert plain.opportunity.custom == {}
    assert "Nope__c" not in plain.unreadable_fields


async def test_asks_nothing_for_nothing(subject: Subject) -> None:
    subject.break_off()
    assert list(await subject.lookup.fetch([])) == []


async def test_raises_when_none_could_be_answered(subject: Subject) -> None:
    subject.break_off()
    with pytest.raises(UnavailableError):
        await subject.lookup.fetch(asking(subject.org_id, subject.id_of("Alpha"), subject.id_of("beta")))


async def test_can_be_closed_twice(subject: Subject) -> None:
    await subject.lookup.close()
    await subject.lookup.close()

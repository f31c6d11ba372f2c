"""The data that an org begins with."""

from collections import Counter
from decimal import Decimal

import pytest

from connectors.salesforce.simulator.ids import IdMint, to18
from connectors.salesforce.simulator.objects import OBJECTS
from connectors.salesforce.simulator.objects.currencies import with_currencies
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.seed import plant

DEALS = 300


@pytest.fixture(scope="module")
def org() -> Org:
    planted = Org(seed=3)
    plant(planted, DEALS)
    return planted


def test_there_are_as_many_deals_as_asked_for_and_no_events_of_them(org: Org) -> None:
    assert org.count("Opportunity") == DEALS
    assert list(org.changes.after(0)) == []


def test_the_same_seed_plants_the_same(org: Org) -> None:
    again, other = Org(seed=3), Org(seed=4)
    plant(again, DEALS)
    plant(other, DEALS)
    for name in org.objects:
        assert list(org.rows(name)) == list(again.rows(name)), name
    names = [[row["Name"] for row in each.rows("Opportunity")] for each in (org, other)]
    assert names[0] != names[1]


def test_every_value_is_one_that_a_write_would_take(org: Org) -> None:
    for name, kind in org.objects.items():
        for row in org.rows(name):
            for field, value in row.items():
                item = kind.find(field)
                assert item is not None, (name, field)
                if item.restricted:
                    assert value in {each.value for each in item.picklist}, (name, field)
                if isinstance(value, str) and item.length:
                    assert len(value) <= item.length, (name, field)
                if item.reference_to:
                    assert any(org.get(target, str(value)) for target in item.reference_to), (name, field)
            missing = [each.name for each in kind.fields if each.required and row.get(each.name) is None]
            assert not missing, (name, missing)


def test_deals_are_as_varied_as_those_of_a_real_org(org: Org) -> None:
    deals = list(org.rows("Opportunity"))
    amounts = [deal["Amount"] for deal in deals if "Amount" in deal]
    assert len(amounts) < DEALS
    numbers = [each for each in amounts if isinstance(each, Decimal)]
    assert min(numbers) >= 5_000
    assert max(numbers) <= 2_000_000
    assert sum(each > 500_000 for each in numbers) > DEALS / 20
    assert len(Counter(deal["StageName"] for deal in deals)) == 11
    roles: dict[object, list[bool]] = {}
    for role in org.rows("OpportunityContactRole"):
        roles.setdefault(role["OpportunityId"], []).append(bool(role["IsPrimary"]))
    assert all(sum(marks) <= 1 for marks in roles.values())
    assert any(sum(marks) == 0 for marks in roles.values())
    assert len(roles) < DEALS
    assert any("Email" not in row for row in org.rows("Contact"))
    assert org.count("Note")
    assert org.count("ContentNote")


def test_a_deal_s_history_ends_where_the_deal_is(org: Org) -> None:
    for deal in org.rows("Opportunity"):
        history = list(org.children("OpportunityHistory", "OpportunityId", deal["Id"]))
        assert history[-1]["StageName"] == deal["StageName"]
        assert history[0]["CreatedDate"] == deal["CreatedDate"]
        if len(history) > 1:
            assert history[-1]["CreatedDate"] == deal["LastStageChangeDate"]


def test_owners_have_managers_and_one_has_left(org: Org) -> None:
    owners = {str(deal["OwnerId"]) for deal in org.rows("Opportunity")}
    users = [org.get("User", owner) or {} for owner in owners]
    assert all(org.get("User", str(user["ManagerId"])) for user in users)
    assert sum(not user["IsActive"] for user in users) == 1


def test_an_org_may_have_several_currencies(org: Org) -> None:
    several = Org(seed=3, objects=with_currencies(OBJECTS))
    plant(several, DEALS)
    assert {row["CurrencyIsoCode"] for row in several.rows("Opportunity")} == {"USD", "EUR", "GBP", "SEK"}
    for deal in several.rows("Opportunity"):
        account = several.get("Account", str(deal["AccountId"])) or {}
        assert deal["CurrencyIsoCode"] == account["CurrencyIsoCode"]
    with several.transaction(several.admin_id) as tx:
        deal_id = tx.create(
            "Opportunity", {"Name": "A deal", "StageName": "Prospecting", "CloseDate": "2026-10-01"}
        )
    assert (several.get("Opportunity", deal_id) or {})["CurrencyIsoCode"] == "USD"
    (event,) = several.changes.after(0)
    assert event.body["CurrencyIsoCode"] == "USD"
    assert [row["IsoCode"] for row in several.rows("CurrencyType") if row["IsCorporate"]] == ["USD"]
    assert org.objects["Opportunity"].find("CurrencyIsoCode") is None
    assert "CurrencyType" not in org.objects


def test_minted_ids_rise_and_have_right_check_characters() -> None:
    mint = IdMint(seed=1)
    ids = [mint.mint("006") for _ in range(10_000)]
    assert len(set(ids)) == len(ids)
    assert [each[:15] for each in ids] == sorted(each[:15] for each in ids)
    assert all(to18(each[:15]) == each for each in ids)

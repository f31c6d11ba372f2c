"""Which accounts are the same customer, by what, and how sure that is."""

import json
from typing import Any

import pytest

from processors.matching import By, as_text, followed, matches
from tests.fixtures.accounts import an_account

SAME, OTHER = "0015g00000AbCdEAAV", "0015g00000AbCdFAAV"

CASES: list[tuple[dict[str, Any], dict[str, Any], tuple[By, float] | None]] = [
    ({"salesforce_account_id": SAME}, {"salesforce_account_id": SAME}, (By.SALESFORCE_ACCOUNT, 1.0)),
    ({"salesforce_account_id": SAME}, {"salesforce_account_id": OTHER}, None),
    ({"website": "www.acme.com"}, {"website": "https://acme.com/de"}, (By.DOMAIN, 0.95)),
    ({"website": "de.acme.com"}, {"website": "https://acme.com"}, None),
    ({"website": "gmail.com"}, {"website": "gmail.com"}, None),
    ({"company_name": "Acme GmbH"}, {"company_name": "ACME, Inc."}, (By.NAME, 0.9)),
    ({"company_name": "Northwind Traders"}, {"company_name": "Northwind Trader Ltd"}, (By.NAME, 0.873)),
    ({"company_name": "Traders Northwind"}, {"company_name": "Northwind Traders"}, (By.NAME, 0.9)),
    ({"company_name": "Acme"}, {"company_name": "Acne"}, None),
    ({"company_name": "Acme"}, {"company_name": "Acme Logistics"}, None),
    ({"company_name": "Northwind Store 12"}, {"company_name": "Northwind Store 21"}, None),
    ({"company_name": "Northwind Store 12"}, {"company_name": "12 Northwind Store"}, (By.NAME, 0.9)),
    ({"company_name": ""}, {"company_name": ""}, None),
    ({"company_name": "!!!"}, {"company_name": "???"}, None),
    ({}, {}, None),
    # What the CRM holds apart may still be one customer.
    (
        {"salesforce_account_id": SAME, "website": "acme.com"},
        {"salesforce_account_id": OTHER, "website": "acme.com"},
        (By.DOMAIN, 0.95),
    ),
    # The surest counts.
    (
        {"salesforce_account_id": SAME, "company_name": "Acme"},
        {"salesforce_account_id": SAME, "company_name": "Acme"},
        (By.SALESFORCE_ACCOUNT, 1.0),
    ),
]


@pytest.mark.parametrize(("one", "other", "verdict"), CASES)
def test_a_match_says_by_what_and_how_sure(
    one: dict[str, Any], other: dict[str, Any], verdict: tuple[By, float] | None
) -> None:
    for own, candidate in ((one, other), (other, one)):
        found = matches(an_account(1, **own), [an_account(2, **candidate)])
        assert [(match.by, match.score) for match in found] == ([verdict] if verdict else [])


def test_no_account_matches_itself_or_one_of_another_org() -> None:
    account = an_account(1, website="acme.com")
    elsewhere = an_account(2, website="acme.com").model_copy(update={"org_id": "00D000000000002AAA"})
    assert matches(account, [account, elsewhere]) == []


def test_the_surest_comes_first_and_ties_keep_an_order() -> None:
    by_name = an_account(2, company_name="Acme")
    by_domain = [an_account(number, website="acme.com") for number in (4, 3)]
    by_id = an_account(5, salesforce_account_id=SAME)
    own = an_account(1, company_name="Acme", website="acme.com", salesforce_account_id=SAME)
    found = matches(own, [by_name, *by_domain, by_id])
    assert [match.account for match in found] == [by_id, by_domain[1], by_domain[0], by_name]


def test_of_one_that_was_merged_the_other_is_told_once_and_by_the_surest() -> None:
    own = an_account(1, website="acme.com", company_name="Acme")
    target = an_account(2, company_name="Acme")
    lost, gone = an_account(3, website="acme.com"), an_account(4, website="acme.com")
    self_made = an_account(5, website="acme.com", merged_into=own.id)
    candidates = [
        target,
        lost.model_copy(update={"merged_into": target.id}),
        gone.model_copy(update={"merged_into": "nobody knows"}),
        self_made,
    ]
    found = matches(own, candidates)
    assert len(found) == 4
    kept = followed(found, {target.id: target, own.id: own}, own.key)
    assert [(match.account, match.by) for match in kept] == [(target, By.DOMAIN)]


def test_five_are_told_and_no_name_is_endless() -> None:
    own = an_account(99, website="acme.com")
    found = matches(own, [an_account(number, website="acme.com", name="x" * 999) for number in range(20)])
    told = json.loads(as_text(found))
    assert [one["key"] for one in told] == [match.account.key for match in found[:5]]
    assert {len(one["name"]) for one in told} == {200}

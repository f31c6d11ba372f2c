"""Groups of accounts that are probably one customer, by the same judgement as a single match."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from processors.duplicates import duplicates
from processors.matching import By, matches
from schemas.account import Account
from schemas.account_traits import NAME_PREFIX, traits
from tests.fixtures.accounts import an_account

SAME = "0015g00000AbCdEAAV"


def test_those_alike_by_anything_are_one_group_and_the_rest_are_none() -> None:
    by_account = [an_account(1, salesforce_account_id=SAME), an_account(2, salesforce_account_id=SAME)]
    by_domain = an_account(3, website="acme.test", company_name="Something else")
    bridge = an_account(4, website="www.acme.test", salesforce_account_id=SAME)
    alone = an_account(5, website="alone.test", company_name="Nobody else")
    (group,) = duplicates([alone, by_domain, bridge, *by_account])
    assert {account.key for account in group.accounts} == {
        account.key for account in (*by_account, by_domain, bridge)
    }
    assert (group.by, group.score) == ((By.SALESFORCE_ACCOUNT, By.DOMAIN), 1.0)


def test_the_one_that_says_most_comes_first() -> None:
    short = an_account(1, company_name="Acme")
    long = an_account(2, company_name="Acme", industry="Steel", size=7)
    (group,) = duplicates([short, long])
    assert group.accounts == (long, short)


def test_the_surest_groups_come_first_and_merged_accounts_are_left_out() -> None:
    names = [an_account(1, company_name="Northwind Traders"), an_account(2, company_name="Northwind Trader")]
    domains = [an_account(3, website="acme.test"), an_account(4, website="acme.test")]
    gone = an_account(5, website="acme.test", merged_into=domains[0].id)
    found = duplicates([*names, *domains, gone])
    assert [(group.by, group.score) for group in found] == [((By.DOMAIN,), 0.95), ((By.NAME,), 0.873)]
    assert all(gone not in group.accounts for group in found)


def test_other_orgs_and_other_numbers_are_others() -> None:
    elsewhere = an_account(1, company_name="Acme").model_copy(update={"org_id": "00D000000000002AAA"})
    stores = [an_account(number, company_name=f"Northwind Store {number}") for number in range(2, 9)]
    assert duplicates([elsewhere, an_account(9, company_name="Acme"), *stores]) == []


def test_many_of_the_same_name_are_one_group() -> None:
    (group,) = duplicates(an_account(number, company_name="Acme Inc") for number in range(2000))
    assert len(group.accounts) == 2000


ACCOUNT = st.builds(
    lambda number, fields: an_account(number, **fields),
    st.integers(0, 10**6),
    st.fixed_dictionaries(
        {},
        optional={
            "company_name": st.sampled_from(
                ["Acme", "Acme Inc", "Acmee", "Acme West", "West Acme", "Northwind Traders",
                 "Northwind Trader", "Northwind 1", "Northwind 2", "", "!!"]
            ),
            "website": st.sampled_from(["acme.test", "www.acme.test", "north.test", "gmail.com"]),
            "salesforce_account_id": st.sampled_from([SAME, "0015g00000AbCdFAAV"]),
        },
    ),
)  # fmt: skip


@given(st.lists(ACCOUNT, max_size=12, unique_by=lambda account: account.key))
def test_two_are_in_one_group_if_they_match(accounts: list[Account]) -> None:
    group_of = {
        account.key: place for place, group in enumerate(duplicates(accounts)) for account in group.accounts
    }
    for one, other in combinations(accounts, 2):
        found = matches(one, [other])
        # A sink finds names by how they begin; so does the report.
        if found and (found[0].by is not By.NAME or _begin_alike(one, other)):
            assert group_of[one.key] == group_of[other.key]


def _begin_alike(one: Account, other: Account) -> bool:
    return traits(one).name_key[:NAME_PREFIX] == traits(other).name_key[:NAME_PREFIX]

# ruff: noqa: S608 - the queries are the tests' own
"""Which rows a query finds: WHERE, ORDER BY, LIMIT, OFFSET over the five deals of the small org."""

from datetime import timedelta

import pytest

from connectors.salesforce.simulator.soql.run import run
from tests.fixtures.small_org import SmallOrg, small_org

ALL = ["Alpha", "beta", "Gamma_1", "Delta 50%", "it's"]


@pytest.fixture(scope="module", name="small")
def _small() -> SmallOrg:
    return small_org()


def names(small: SmallOrg, clauses: str, source: str = "Opportunity", *, deleted: bool = False) -> list[str]:
    text = f"SELECT Id, Name FROM {source} {clauses}"
    return [str(row["Name"]) for row in run(small.org, small.user, text, include_deleted=deleted).rows]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        # text
        ("Name = 'Alpha'", ["Alpha"]),
        ("Name = 'ALPHA'", ["Alpha"]),
        ("name = 'alpha'", ["Alpha"]),
        ("Opportunity.Name = 'Alpha'", ["Alpha"]),
        ("Name != 'Alpha'", ALL[1:]),
        ("Name <> 'Alpha'", ALL[1:]),
        ("Name < 'BETA'", ["Alpha"]),
        ("Name <= 'BETA'", ["Alpha", "beta"]),
        ("Name > 'delta 50%'", ["Gamma_1", "it's"]),
        (r"Name = 'it\'s'", ["it's"]),
        (r"Name = 'It\u0027s'", ["it's"]),
        ("Name LIKE '%A'", ["Alpha", "beta"]),
        ("Name like '_eta'", ["beta"]),
        (r"Name LIKE 'gamma\_%'", ["Gamma_1"]),
        (r"Name LIKE '%\%'", ["Delta 50%"]),
        ("NOT Name LIKE '%a%'", ["it's"]),
        ("Name IN ('alpha', 'nobody', 'BETA')", ["Alpha", "beta"]),
        ("Name NOT IN ('alpha', 'beta')", ALL[2:]),
        # null, and '' for null
        ("Type = null", ["beta", "it's"]),
        ("Type = ''", ["beta", "it's"]),
        ("Type != NULL", ["Alpha", "Gamma_1", "Delta 50%"]),
        ("Type != 'new customer'", ["beta", "Gamma_1", "it's"]),
        ("Type NOT IN ('New Customer')", ["beta", "Gamma_1", "it's"]),
        ("Type IN (null, 'Other Type')", ["beta", "Gamma_1", "it's"]),
        ("Type < 'z'", ["Alpha", "Gamma_1", "Delta 50%"]),
        ("Type LIKE '%'", ALL),
        ("Amount > null", []),
        # numbers
        ("Amount = 1000", ["Alpha"]),
        ("Amount = 1000.0", ["Alpha"]),
        ("Amount = 1e3", ["Alpha"]),
        ("Amount >= 1000", ["Alpha", "beta"]),
        ("Amount < 501", ["Delta 50%", "it's"]),
        ("Amount != 500", ["Alpha", "beta", "Gamma_1", "it's"]),
        ("Amount = null", ["Gamma_1"]),
        ("Amount IN (0, 2000.50)", ["beta", "it's"]),
        ("Amount > -1 AND Amount < +1", ["it's"]),
        ("Probability = 100", ["beta", "it's"]),
        # booleans
        ("IsWon = TRUE", ["beta", "it's"]),
        ("IsWon = false", ["Alpha", "Gamma_1", "Delta 50%"]),
        ("IsClosed != true", ["Alpha", "Delta 50%"]),
        ("IsPrivate = false", ALL),
        ("IsPrivate = null", ALL),
        # ids and references, in 15 and 18 characters
        ("Id = '0066k0000000002AAA'", ["beta"]),
        ("Id = '0066k0000000002'", ["beta"]),
        ("Id IN ('0066k0000000005', '0066k0000000001AAA', '0066k0000000001')", ["Alpha", "it's"]),
        ("Id IN ('0066k00000ZZZZZ')", []),
        ("Id > '0066k0000000003'", ["Delta 50%", "it's"]),
        ("Id != '0066k0000000001'", ALL[1:]),
        ("Id NOT IN ('0066k0000000001', '0066k0000000002AAA')", ALL[2:]),
        ("AccountId = '0016k0000000001'", ["Alpha", "beta", "it's"]),
        ("AccountId IN ('0016k0000000001', '0016k0000000002') AND IsWon = false", ["Alpha", "Gamma_1"]),
        ("AccountId = null", ["Delta 50%"]),
        ("AccountId = ''", ["Delta 50%"]),
        ("AccountId IN ('0016k0000000002', null)", ["Gamma_1", "Delta 50%"]),
        ("AccountId = '0016k0000000001' OR Name = 'gamma_1'", ["Alpha", "beta", "Gamma_1", "it's"]),
        # parents
        ("Account.Name = 'acme'", ["Alpha", "beta", "it's"]),
        ("Account.Name = null", ["Delta 50%"]),
        ("Account.Name != 'acme'", ["Gamma_1", "Delta 50%"]),
        ("Account.Industry = null", ["Gamma_1", "Delta 50%"]),
        ("account.owner.lastname = 'Admin'", ["Alpha", "beta", "Gamma_1", "it's"]),
        ("Account.Owner.IsActive = false", ["Delta 50%"]),
        # dates and moments
        ("CloseDate = 2026-09-14", ["Alpha"]),
        ("CloseDate > 2026-09-14", ["beta", "Gamma_1"]),
        ("CloseDate IN (2026-08-31, TODAY)", ["Alpha", "it's"]),
        ("CloseDate = TODAY", ["Alpha"]),
        ("CloseDate != TODAY", ALL[1:]),
        ("CloseDate > TODAY", ["beta", "Gamma_1"]),
        ("CloseDate >= TODAY", ["Alpha", "beta", "Gamma_1"]),
        ("CloseDate <= TODAY", ["Alpha", "Delta 50%", "it's"]),
        ("CloseDate < THIS_MONTH", ["Delta 50%", "it's"]),
        ("CloseDate = THIS_MONTH", ["Alpha", "beta"]),
        ("CloseDate = LAST_MONTH", ["it's"]),
        ("CloseDate = NEXT_QUARTER", ["Gamma_1"]),
        ("CloseDate = LAST_YEAR", ["Delta 50%"]),
        ("CloseDate = LAST_N_DAYS:14", ["Alpha", "it's"]),
        ("CloseDate = LAST_N_DAYS:13", ["Alpha"]),
        ("CloseDate = NEXT_N_DAYS:16", ["beta"]),
        ("CloseDate = LAST_90_DAYS", ["Alpha", "it's"]),
        ("CreatedDate = TODAY", ALL),
        ("CreatedDate = 2026-09-14T08:30:12Z", ALL),
        ("CreatedDate = 2026-09-14T10:30:12+02:00", ALL),
        ("CreatedDate > 2026-09-14T08:30:12.000Z", []),
        ("SystemModstamp >= 2026-09-14T08:30:12.000+0000", ALL),
        ("CreatedDate < YESTERDAY", []),
        ("LastStageChangeDate = null", ALL),
        # together
        ("IsWon = true AND Amount > 0", ["beta"]),
        ("(IsWon = true AND Amount > 0) OR Name = 'alpha'", ["Alpha", "beta"]),
        ("IsWon = true AND (Amount > 0 OR Name = 'alpha')", ["beta"]),
        ("NOT (IsWon = true OR Amount > 0)", ["Gamma_1"]),
        ("NOT IsWon = true AND Amount > 0", ["Alpha", "Delta 50%"]),
        ("((((IsWon = true))))", ["beta", "it's"]),
        # semi-joins
        ("Id IN (SELECT OpportunityId FROM OpportunityContactRole WHERE IsPrimary = true)", ["Alpha"]),
        ("Id NOT IN (SELECT OpportunityId FROM OpportunityContactRole)", ALL[1:]),
        ("AccountId IN (SELECT Id FROM Account WHERE Industry = 'banking')", ["Alpha", "beta", "it's"]),
        ("AccountId NOT IN (SELECT AccountId FROM Contact)", ["Gamma_1", "Delta 50%"]),
    ],
)
def test_where(small: SmallOrg, where: str, found: list[str]) -> None:
    assert names(small, f"WHERE {where}") == found


@pytest.mark.parametrize(
    ("clauses", "found"),
    [
        ("", ALL),
        ("ORDER BY Name", ["Alpha", "beta", "Delta 50%", "Gamma_1", "it's"]),
        ("ORDER BY Name DESC", ["it's", "Gamma_1", "Delta 50%", "beta", "Alpha"]),
        ("ORDER BY Amount", ["Gamma_1", "it's", "Delta 50%", "Alpha", "beta"]),
        ("ORDER BY Amount NULLS LAST", ["it's", "Delta 50%", "Alpha", "beta", "Gamma_1"]),
        ("ORDER BY Amount DESC NULLS LAST", ["beta", "Alpha", "Delta 50%", "it's", "Gamma_1"]),
        ("ORDER BY Amount DESC NULLS FIRST", ["Gamma_1", "beta", "Alpha", "Delta 50%", "it's"]),
        ("ORDER BY IsWon DESC, Amount", ["it's", "beta", "Gamma_1", "Delta 50%", "Alpha"]),
        ("ORDER BY Account.Name NULLS LAST, Name DESC", ["it's", "beta", "Alpha", "Gamma_1", "Delta 50%"]),
        # A picklist sorts as its values are arranged, not by their letters.
        ("ORDER BY StageName, Name", ["Alpha", "Delta 50%", "beta", "it's", "Gamma_1"]),
        ("ORDER BY CloseDate", ["Delta 50%", "it's", "Alpha", "beta", "Gamma_1"]),
        ("LIMIT 2", ALL[:2]),
        ("LIMIT 0", []),
        ("LIMIT 2 OFFSET 1", ALL[1:3]),
        ("OFFSET 4", ["it's"]),
        ("OFFSET 2000", []),
        ("WHERE IsWon = true ORDER BY Name DESC LIMIT 1", ["it's"]),
        ("ORDER BY Name LIMIT 2 OFFSET 3", ["Gamma_1", "it's"]),
    ],
)
def test_order_and_limit(small: SmallOrg, clauses: str, found: list[str]) -> None:
    assert names(small, clauses) == found


def test_the_recycle_bin_is_seen_only_by_query_all(small: SmallOrg) -> None:
    assert names(small, "", "Account") == ["Acme", "Umbrella"]
    assert names(small, "", "Account", deleted=True) == ["Acme", "Umbrella", "Gone"]
    gone = f"WHERE Id = '{small.ids['gone']}'"
    assert names(small, gone, "Account") == []
    assert names(small, gone, "Account", deleted=True) == ["Gone"]
    assert names(small, "WHERE IsDeleted = true", "Account", deleted=True) == ["Gone"]


def test_links_of_files_are_found_by_either_end(small: SmallOrg) -> None:
    text = (
        f"SELECT Id, ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId = '{small.ids['Alpha']}'"
    )
    (link,) = run(small.org, small.user, text).rows
    document = str(link["ContentDocumentId"])
    text = f"SELECT Id FROM ContentDocumentLink WHERE ContentDocumentId IN ('{document}')"
    # The one to the deal, and the one to its owner.
    assert len(run(small.org, small.user, text).rows) == 2


def test_a_relative_date_moves_with_the_org_s_clock() -> None:
    small = small_org()
    small.org.clock.advance(timedelta(days=16))
    assert names(small, "WHERE CloseDate = TODAY") == ["beta"]

# ruff: noqa: S608 - the queries are the tests' own
"""What a well-formed query is refused for: names, types, operators, limits."""

import pytest

from connectors.salesforce.simulator.soql.errors import SoqlError
from connectors.salesforce.simulator.soql.run import run
from tests.fixtures.small_org import SmallOrg, small_org

COLUMN = (
    "No such column '{}' on entity '{}'. If you are attempting to use a custom field, be sure to append the "
    "'__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate "
    "names."
)
RELATIONSHIP = "Didn't understand relationship '{}' in field path."
CHILDREN = "Didn't understand relationship '{}' in FROM part of query call."
LINKS = (
    "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId "
    "or LinkedEntityId using the equals operator or multiple Id's using the IN operator."
)
LINKS_BY_ENTITY = (
    "Implementation restriction: filtering on non-id fields is only permitted when filtering by "
    "ContentDocumentLink.LinkedEntityId using the equals operator."
)


@pytest.fixture(scope="module", name="small")
def _small() -> SmallOrg:
    return small_org()


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        # names
        ("SELECT Id FROM Foo", "INVALID_TYPE", "sObject type 'Foo' is not supported."),
        (
            "SELECT Id FROM OpportunityChangeEvent",
            "INVALID_TYPE_FOR_OPERATION",
            "entity type OpportunityChangeEvent does not support query",
        ),
        ("SELECT Foo__c FROM Opportunity", "INVALID_FIELD", COLUMN.format("Foo__c", "Opportunity")),
        ("SELECT Account FROM Opportunity", "INVALID_FIELD", COLUMN.format("Account", "Opportunity")),
        ("SELECT Account.Foo FROM Opportunity", "INVALID_FIELD", COLUMN.format("Foo", "Account")),
        ("SELECT Foo.Name FROM Opportunity", "INVALID_FIELD", RELATIONSHIP.format("Foo")),
        ("SELECT AccountId.Name FROM Opportunity", "INVALID_FIELD", RELATIONSHIP.format("AccountId")),
        ("SELECT What.Amount FROM Task", "INVALID_FIELD", COLUMN.format("Amount", "Name")),
        ("SELECT What.Account.Name FROM Task", "INVALID_FIELD", RELATIONSHIP.format("Account")),
        ("SELECT Id FROM Opportunity WHERE Foo = 1", "INVALID_FIELD", COLUMN.format("Foo", "Opportunity")),
        ("SELECT Id FROM Opportunity ORDER BY Foo", "INVALID_FIELD", COLUMN.format("Foo", "Opportunity")),
        ("SELECT Id, (SELECT Id FROM Foos) FROM Opportunity", "INVALID_TYPE", CHILDREN.format("Foos")),
        (
            "SELECT Id, (SELECT Id FROM Opportunity) FROM Opportunity",
            "INVALID_TYPE",
            CHILDREN.format("Opportunity"),
        ),
        (
            "SELECT Id, (SELECT Foo FROM Tasks) FROM Opportunity",
            "INVALID_FIELD",
            COLUMN.format("Foo", "Task"),
        ),
        ("SELECT Id, id FROM Opportunity", "INVALID_FIELD", "duplicate field selected: id"),
        (
            "SELECT Account.Name, account.name FROM Opportunity",
            "INVALID_FIELD",
            "duplicate field selected: account.name",
        ),
        # types
        (
            "SELECT Id FROM Opportunity WHERE Amount = '5'",
            "INVALID_FIELD",
            "\nvalue of filter criterion for field 'Amount' must be of type double and should not be",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Name = 5",
            "INVALID_FIELD",
            "of type string and should be enclosed",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Name LIKE 5",
            "INVALID_FIELD",
            "of type string and should be enclosed",
        ),
        (
            "SELECT Id FROM Opportunity WHERE IsWon = 'true'",
            "INVALID_FIELD",
            "of type boolean and should not be",
        ),
        ("SELECT Id FROM Opportunity WHERE IsWon = 1", "INVALID_FIELD", "of type boolean and should not be"),
        (
            "SELECT Id FROM Opportunity WHERE Amount = true",
            "INVALID_FIELD",
            "of type double and should not be",
        ),
        (
            "SELECT Id FROM Opportunity WHERE CloseDate = '2026-01-01'",
            "INVALID_FIELD",
            "of type date and should not",
        ),
        (
            "SELECT Id FROM Opportunity WHERE CloseDate = 2026-01-01T00:00:00Z",
            "INVALID_FIELD",
            "of type date and should not be",
        ),
        (
            "SELECT Id FROM Opportunity WHERE CreatedDate > 2026-01-01",
            "INVALID_FIELD",
            "of type dateTime and should not be",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Amount = TODAY",
            "INVALID_FIELD",
            "of type double and should not be",
        ),
        ("SELECT Id FROM Opportunity WHERE Id = 5", "INVALID_FIELD", "of type ID and should be enclosed"),
        # operators and values
        ("SELECT Id FROM Opportunity WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        (
            "SELECT Id FROM Opportunity WHERE AccountId IN ('0016k0000000001', 'y')",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: y",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Id = '0066k0000000001ZZZ'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: 0066k0000000001ZZZ",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Id LIKE 'x'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator on id field",
        ),
        (
            "SELECT Id FROM Opportunity WHERE IsWon > true",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator on boolean field",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Amount LIKE '5%'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator on number field",
        ),
        (
            "SELECT Id FROM Opportunity WHERE Description = 'x'",
            "INVALID_FIELD",
            "field 'Description' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Opportunity ORDER BY Description",
            "MALFORMED_QUERY",
            "field 'Description' can not be sorted in a query call",
        ),
        (r"SELECT Id FROM Opportunity WHERE Name = '\q'", "MALFORMED_QUERY", "Illegal character sequence"),
        (
            r"SELECT Id FROM Opportunity WHERE Name LIKE '\q%'",
            "MALFORMED_QUERY",
            "Illegal character sequence",
        ),
        # limits
        (
            "SELECT Id FROM Opportunity OFFSET 2001",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Maximum SOQL offset allowed is 2000",
        ),
        ("SELECT FIELDS(ALL) FROM Opportunity", "MALFORMED_QUERY", "must have a LIMIT of at most 200"),
        (
            "SELECT FIELDS(CUSTOM) FROM Opportunity LIMIT 201",
            "MALFORMED_QUERY",
            "must have a LIMIT of at most 200",
        ),
        ("SELECT FIELDS(SOME) FROM Opportunity LIMIT 1", "MALFORMED_QUERY", "unexpected token: 'SOME'"),
        ("SELECT Id, FIELDS(STANDARD) FROM Opportunity", "INVALID_FIELD", "duplicate field selected: Id"),
        (
            "SELECT Id, " + ", ".join(["(SELECT Id FROM Tasks)"] * 21) + " FROM Opportunity",
            "MALFORMED_QUERY",
            "Maximum number of parent-to-child relationships is 20",
        ),
        (
            "SELECT Account.Parent.Parent.Parent.Parent.Parent.Name FROM Opportunity",
            "INVALID_FIELD",
            "Maximum relationship level is 5",
        ),
        (
            f"SELECT Id FROM Opportunity WHERE Name = '{'x' * 4_001}'",
            "MALFORMED_QUERY",
            "at most 4000 characters",
        ),
        # semi-joins
        (
            "SELECT Id FROM Account WHERE Name IN (SELECT Id FROM Contact)",
            "MALFORMED_QUERY",
            "a semi-join selects",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT Name FROM Contact)",
            "MALFORMED_QUERY",
            "Cannot use field 'Name'",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT Id, Name FROM Contact)",
            "MALFORMED_QUERY",
            "a semi-join",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT WhatId FROM Task WHERE Id IN (SELECT Id FROM Task))",
            "MALFORMED_QUERY",
            "Nesting of semi join sub-selects is not supported",
        ),
        (
            "SELECT Id, (SELECT COUNT() FROM Tasks) FROM Opportunity",
            "MALFORMED_QUERY",
            "unexpected token: 'COUNT'",
        ),
        # links of files
        ("SELECT Id FROM ContentDocumentLink", "MALFORMED_QUERY", LINKS),
        ("SELECT Id FROM ContentDocumentLink WHERE ShareType = 'V'", "MALFORMED_QUERY", LINKS),
        (
            "SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId != '0066k0000000001'",
            "MALFORMED_QUERY",
            LINKS,
        ),
        (
            "SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId = '0066k0000000001' OR ShareType = 'V'",
            "MALFORMED_QUERY",
            LINKS,
        ),
        (
            "SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId IN ('0066k0000000001') AND ShareType=''",
            "MALFORMED_QUERY",
            LINKS_BY_ENTITY,
        ),
        (
            "SELECT Id FROM ContentDocumentLink WHERE ContentDocumentId='0696k0000000001' AND ShareType='V'",
            "MALFORMED_QUERY",
            LINKS_BY_ENTITY,
        ),
    ],
)
def test_refused(small: SmallOrg, text: str, code: str, reason: str) -> None:
    with pytest.raises(SoqlError) as caught:
        run(small.org, small.user, text)
    assert caught.value.code == code
    assert reason in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId = '0066k0000000001' AND ShareType = 'V'",
        "SELECT Id FROM ContentDocumentLink WHERE ContentDocumentId IN ('0696k0000000001','0696k0000000002')",
        "SELECT Id, (SELECT Id FROM ContentDocumentLinks WHERE ShareType = 'V') FROM Opportunity",
    ],
)
def test_links_of_files_that_may_be_asked_for(small: SmallOrg, text: str) -> None:
    run(small.org, small.user, text)


def test_a_wrong_name_is_drawn_as_salesforce_draws_it(small: SmallOrg) -> None:
    with pytest.raises(SoqlError) as caught:
        run(small.org, small.user, "SELECT Id, Foo__c FROM Opportunity")
    assert caught.value.message == (
        "\nSELECT Id, Foo__c FROM Opportunity\n           ^\nERROR at Row:1:Column:12\n"
        + COLUMN.format("Foo__c", "Opportunity")
    )


@pytest.mark.parametrize(
    "text",
    [
        "SELECT Amount FROM Opportunity",
        "SELECT Id FROM Opportunity WHERE Amount > 1",
        "SELECT Id FROM Opportunity ORDER BY Amount",
        "SELECT Name, (SELECT Amount FROM Opportunities) FROM Account",
        "SELECT Opportunity.Amount FROM OpportunityContactRole",
        "SELECT Account.Name FROM Opportunity",
        "SELECT Id, (SELECT Name FROM Opportunities) FROM Account",
    ],
)
def test_what_the_user_may_not_read_does_not_exist(text: str) -> None:
    small = small_org()
    run(small.org, small.user, text)
    small.org.access.hide("Opportunity", "Amount", small.user)
    small.org.access.hide("Opportunity", "AccountId", small.user)
    with pytest.raises(SoqlError) as caught:
        run(small.org, small.user, text)
    # Without the reference there are no children either.
    assert caught.value.code == ("INVALID_TYPE" if "FROM Opportunities" in text else "INVALID_FIELD")

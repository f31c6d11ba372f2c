"""The query asks for what may be read and for nothing that a request smuggles in."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from connectors.salesforce.describe import SObject, sobject_of
from connectors.salesforce.lookup_query import CHILDREN, OBJECTS, build
from schemas.errors import BrokenInvariantError, UnavailableError

EVERYTHING: Mapping[str, SObject] = {
    name: SObject(name, dict.fromkeys(fields.split(), "string"), frozenset(children.split()))
    for name, fields, children in (
        (
            "Opportunity",
            (
                "Id Name StageName Amount CloseDate Type LeadSource NextStep Description IsClosed IsWon "
                "OwnerId AccountId Term_Months__c Site__c"
            ),
            " ".join(CHILDREN),
        ),
        (
            "Account",
            "Name Website Industry NumberOfEmployees Phone BillingCountry OwnerId Region__c",
            "",
        ),
        ("User", "Name Email IsActive ManagerId", ""),
        ("Contact", "Name Email Phone Title", ""),
        ("OpportunityContactRole", "ContactId Role IsPrimary", ""),
        ("Note", "Id Title Body CreatedDate OwnerId", ""),
        ("ContentDocumentLink", "ContentDocumentId", ""),
        ("ContentDocument", "Title FileType CreatedDate OwnerId LatestPublishedVersionId", ""),
        ("ContentVersion", "TextPreview", ""),
        ("Task", "Id Subject Status ActivityDate OwnerId", ""),
        ("Event", "Id Subject ActivityDate OwnerId", ""),
        ("OpportunityHistory", "StageName CreatedDate CreatedById", ""),
    )
}


def without(name: str, *fields: str) -> dict[str, SObject]:
    """Give the org's description with fields hidden."""
    left = {each: kind for each, kind in EVERYTHING[name].types.items() if each not in fields}
    return {**EVERYTHING, name: replace(EVERYTHING[name], types=left)}


def test_everything_that_is_read_is_described() -> None:
    assert set(OBJECTS) == set(EVERYTHING)
    assert len(OBJECTS) <= 25


def test_asks_for_everything_where_everything_may_be_read() -> None:
    query = build(EVERYTHING, ())
    assert query.unreadable == ()
    assert query.select.count("(SELECT ") == len(CHILDREN)


@pytest.mark.parametrize(
    ("name", "field", "unreadable", "gone"),
    [
        ("Opportunity", "Amount", ["Amount"], "Amount"),
        ("Account", "Industry", ["Account.Industry"], "Account.Industry"),
        ("Contact", "Email", ["OpportunityContactRoles.Contact.Email"], "Contact.Email"),
        ("User", "ManagerId", ["Owner.Manager.Email"], "Manager"),
        ("Note", "Body", ["Notes.Body"], "Body"),
        (
            "ContentVersion",
            "TextPreview",
            ["ContentDocumentLinks.ContentDocument.LatestPublishedVersion.TextPreview"],
            "TextPreview",
        ),
    ],
)
def test_a_hidden_field_is_not_asked_for_but_named(
    name: str, field: str, unreadable: list[str], gone: str
) -> None:
    query = build(without(name, field), ())
    assert list(query.unreadable) == unreadable
    assert gone not in query.select


def test_a_hidden_lookup_hides_all_behind_it() -> None:
    query = build(without("Opportunity", "AccountId"), ("Account.Region__c",))
    assert "Account." not in query.select
    assert query.custom == {}


def test_a_hidden_object_hides_its_list() -> None:
    described = {name: each for name, each in EVERYTHING.items() if name != "Note"}
    query = build(described, ())
    assert query.unreadable == ("Notes",)
    assert "FROM Notes" not in query.select


def test_currencies_are_asked_for_where_there_are_several() -> None:
    assert "CurrencyIsoCode" not in build(EVERYTHING, ()).select
    deal = EVERYTHING["Opportunity"]
    several = replace(deal, types={**deal.types, "CurrencyIsoCode": "picklist"})
    assert "CurrencyIsoCode" in build({**EVERYTHING, "Opportunity": several}, ()).select


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("Term_Months__c", "Term_Months__c"),
        ("term_months__C", "Term_Months__c"),
        ("Account.Region__c", "Account.Region__c"),
        ("Name", "Name"),
        ("Nope__c", None),
        ("Account.Nope__c", None),
        ("Owner.Password__c", None),
        ("Id FROM Opportunity--", None),
        ("(SELECT Id FROM Users)", None),
        ("", None),
        ("Account.", None),
        ("Region__c\n", None),
    ],
)
def test_further_fields_are_those_the_org_describes(asked: str, path: str | None) -> None:
    query = build(EVERYTHING, [asked])
    assert [each for each, _ in query.custom.values()] == ([] if path is None else [path])
    if path is None:
        assert query.select == build(EVERYTHING, ()).select


def test_no_field_is_asked_for_twice() -> None:
    select = build(EVERYTHING, ["Name", "name", "Term_Months__c", "TERM_MONTHS__C"]).select
    names = select.partition("(")[0].removeprefix("SELECT ").rstrip(", ").split(", ")
    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", ["address", "location", "base64"])
def test_fields_that_are_no_single_text_are_not_asked_for(kind: str) -> None:
    deal = EVERYTHING["Opportunity"]
    odd = {**EVERYTHING, "Opportunity": replace(deal, types={**deal.types, "Site__c": kind})}
    assert build(odd, ["Site__c"]).custom == {}


def test_only_ids_get_into_the_query() -> None:
    query = build(EVERYTHING, ())
    assert query.soql(["0065g00000Zk1QaAAJ"]).endswith("FROM Opportunity WHERE Id IN ('0065g00000Zk1QaAAJ')")
    with pytest.raises(BrokenInvariantError):
        query.soql(["0065g00000Zk1QaAAJ", "x') OR (Name != '"])


@pytest.mark.parametrize("body", [None, [], {}, {"fields": 5}, {"fields": [{}]}, {"fields": [None]}])
def test_a_description_that_is_none(body: object) -> None:
    with pytest.raises(UnavailableError):
        sobject_of("Opportunity", body)

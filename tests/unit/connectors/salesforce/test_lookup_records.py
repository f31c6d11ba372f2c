"""Records as Salesforce writes them become deals, exactly; what cannot be carried is refused by name."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.salesforce.lookup_query import MOST, LookupQuery
from connectors.salesforce.lookup_records import deal_of
from connectors.salesforce.lookup_values import custom_value
from schemas.deal import CustomValue, EnrichedDeal, EnrichmentRequest
from schemas.errors import RefusedError
from tests.fixtures.salesforce_client import NOW

ID = "0065g00000Zk1QaAAJ"
CUSTOM = {
    "Term__c": ("Term__c", "double"),
    "Account.Region__c": ("Account.Region__c", "picklist"),
    "Live__c": ("Live__c", "boolean"),
}


def rows(*records: dict[str, Any]) -> dict[str, Any]:
    return {"totalSize": len(records), "done": True, "records": list(records)}


def record(**values: Any) -> dict[str, Any]:
    """Give an opportunity with nothing but its own, as Salesforce answers it."""
    return {
        "attributes": {"type": "Opportunity"},
        "Id": ID,
        "Name": "Acme - Onboarding",
        "StageName": "Closed Won",
        "IsClosed": True,
        "IsWon": True,
        "OwnerId": "0055g000004Tz8WAAS",
        "Owner": {"Name": "Rep", "Email": "rep@acme.example", "IsActive": True, "Manager": None},
        "AccountId": None,
        "Account": None,
        **dict.fromkeys(MOST),
        **values,
    }


def read(values: dict[str, Any], *fields: str) -> EnrichedDeal | RefusedError:
    request = EnrichmentRequest(
        id="request", org_id="00D5g000000Jm5XEAS", opportunity_id=ID, custom_fields=fields
    )
    query = LookupQuery("SELECT Id", ("Amount",), CUSTOM)
    return deal_of(record(**values), request, query, org_id=request.org_id, as_of=NOW)


def deal(*fields: str, **values: Any) -> EnrichedDeal:
    found = read(values, *fields)
    assert isinstance(found, EnrichedDeal), found
    return found


def role(contact: str, *, primary: bool = False) -> dict[str, Any]:
    person = {"Name": contact, "Email": f"{contact}@acme.example", "Phone": None, "Title": "CTO"}
    return {"ContactId": f"003{contact}", "Role": None, "IsPrimary": primary, "Contact": person}


def note(number: int, body: str = "text") -> dict[str, Any]:
    return {
        "Id": f"002{number:03}",
        "Title": f"Note {number}",
        "Body": body,
        "CreatedDate": f"2026-09-{number:02}T08:30:12.000+0000",
        "Owner": {"Name": "Rep"},
    }


def link(number: int, kind: str = "SNOTE", preview: str | None = "start") -> dict[str, Any]:
    document = {
        "Title": f"File {number}",
        "FileType": kind,
        "CreatedDate": f"2026-09-{number:02}T08:30:12.000+0000",
        "Owner": None,
        "LatestPublishedVersion": None if preview is None else {"TextPreview": preview},
    }
    return {"ContentDocumentId": f"069{number:03}", "ContentDocument": document}


def move(stage: str, hour: int) -> dict[str, Any]:
    return {"StageName": stage, "CreatedDate": f"2026-09-14T{hour:02}:00:00.000+0000", "CreatedBy": None}


def test_a_bare_opportunity() -> None:
    found = deal()
    assert (found.opportunity.name, found.opportunity.stage) == ("Acme - Onboarding", "Closed Won")
    assert found.opportunity.amount is None
    assert found.account is None
    assert (found.contacts, found.notes, found.activities, found.stage_history) == ((), (), (), ())
    assert found.unreadable_fields == ("Amount",)
    assert found.truncated == ()


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (Decimal("0.1"), "0.1"),
        (Decimal("1E+6"), "1000000"),
        (Decimal("99999999999999.99"), "99999999999999.99"),
        (Decimal("10.00000"), "10"),
        (12, "12"),
        (Decimal("-5.5"), "-5.5"),
        (0, "0"),
    ],
)
def test_money_is_exact(amount: object, expected: str) -> None:
    found = deal(Amount=amount).opportunity.amount
    assert found == Decimal(expected)
    assert found is not None
    assert found.as_tuple().exponent in range(-4, 1)


@pytest.mark.parametrize(
    "values",
    [
        {"Amount": Decimal("0.00001")},
        {"Amount": Decimal("1E+999999")},
        {"Amount": float("nan")},
        {"Amount": "12"},
        {"Amount": True},
        {"CloseDate": "soon"},
        {"CloseDate": 5},
        {"Name": {"a": 1}},
        {"Name": "\ud800"},
        {"IsWon": "yes"},
        {"Notes": {"records": [{"CreatedDate": "2026-13-01T00:00:00.000+0000"}]}},
        {"Notes": {"records": None}},
        {"Id": "no id"},
    ],
)
def test_what_cannot_be_carried_is_refused_without_showing_it(values: dict[str, Any]) -> None:
    found = read(values)
    assert isinstance(found, RefusedError)
    assert ID in found.on


def test_dates_and_people() -> None:
    found = deal(
        CloseDate="2026-09-30",
        Owner={"Name": "Rep", "Email": None, "IsActive": False, "Manager": {"Email": "boss@acme.example"}},
    )
    assert found.opportunity.close_date == date(2026, 9, 30)
    assert found.opportunity.owner is not None
    assert not found.opportunity.owner.active
    assert found.opportunity.owner.manager_email == "boss@acme.example"


def test_the_account() -> None:
    found = deal(
        AccountId="001A",
        Account={"Name": "Acme", "NumberOfEmployees": 12, "Owner": {"Email": "am@acme.example"}},
    ).account
    assert found is not None
    assert (found.name, found.employees, found.owner_email) == ("Acme", 12, "am@acme.example")


def test_contacts_come_once_with_the_primary_first() -> None:
    listed = rows(role("ann"), role("bo", primary=True), role("bo"), role("cy"))
    found = deal(OpportunityContactRoles=listed).contacts
    assert [each.name for each in found] == ["bo", "ann", "cy"]
    assert [each.primary for each in found] == [True, False, False]


def test_notes_of_both_kinds_newest_first() -> None:
    found = deal(Notes=rows(note(3), note(1)), ContentDocumentLinks=rows(link(2), link(4, "PDF"))).notes
    assert [(each.source, each.title) for each in found] == [
        ("Note", "Note 3"),
        ("ContentNote", "File 2"),
        ("Note", "Note 1"),
    ]
    assert found[0].created_at == datetime(2026, 9, 3, 8, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(("preview", "cut"), [("x" * 255, True), ("x" * 254, False), (None, False)])
def test_a_preview_says_whether_it_is_all(preview: str | None, *, cut: bool) -> None:
    (found,) = deal(ContentDocumentLinks=rows(link(1, preview=preview))).notes
    assert found.truncated is cut


def test_a_long_note_is_cut() -> None:
    (found,) = deal(Notes=rows(note(1, "<b>" + "x" * 100_000))).notes
    assert found.truncated
    assert len(found.text) == 32 * 1024


def test_lists_with_more_rows_say_so() -> None:
    tasks = rows(*({"Id": f"00T{number}", "Subject": "Call"} for number in range(MOST["Tasks"] + 1)))
    found = deal(Tasks=tasks, Notes=rows(note(1)))
    assert len(found.activities) == MOST["Tasks"]
    assert found.truncated == ("Tasks",)


def test_notes_of_both_kinds_together_are_bounded() -> None:
    found = deal(
        Notes=rows(*(note(each) for each in range(1, 9))),
        ContentDocumentLinks=rows(*(link(each) for each in range(10, 18))),
    )
    assert len(found.notes) == MOST["Notes"]
    assert found.truncated == ("Notes",)


def test_stage_moves_are_the_oldest_rows_of_each_stage() -> None:
    history = rows(move("Closed Won", 9), move("Proposal", 8), move("Proposal", 7), move("Prospecting", 6))
    found = deal(OpportunityHistories=history).stage_history
    assert [(each.stage, each.at and each.at.hour) for each in found] == [
        ("Closed Won", 9),
        ("Proposal", 7),
        ("Prospecting", 6),
    ]


def test_a_stage_whose_move_may_be_left_out_is_not_told() -> None:
    history = rows(move("Closed Won", 23), *(move("Proposal", 22 - each) for each in range(MOST["Tasks"])))
    found = deal(OpportunityHistories=history)
    assert [each.stage for each in found.stage_history] == ["Closed Won"]
    assert found.truncated == ("OpportunityHistories",)


def test_activities_are_tasks_and_events() -> None:
    task = {"Id": "00T1", "Subject": "Call", "Status": "Open", "ActivityDate": "2026-09-15", "Owner": None}
    event = {"Id": "00U1", "Subject": None, "ActivityDate": None, "Owner": {"Name": "Rep"}}
    found = deal(Tasks=rows(task), Events=rows(event)).activities
    assert [(each.kind, each.subject, each.on) for each in found] == [
        ("Task", "Call", date(2026, 9, 15)),
        ("Event", "", None),
    ]


def test_further_fields_stand_under_their_names() -> None:
    found = deal(
        "Term__c",
        "Account.Region__c",
        "Nope__c",
        Term__c=Decimal("36.0"),
        Live__c=True,
        AccountId="001A",
        Account={"Name": "Acme", "Region__c": "EMEA"},
    )
    assert found.opportunity.custom == {"Term__c": CustomValue(type="double", value="36")}
    assert found.account is not None
    assert found.account.custom == {"Region__c": CustomValue(type="picklist", value="EMEA")}
    assert found.unreadable_fields == ("Amount", "Nope__c")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"),
        (False, "false"),
        (None, None),
        ("A;B", "A;B"),
        ("1.50", "1.50"),
        (36, "36"),
        (Decimal("36.0"), "36"),
        (Decimal("0.10"), "0.1"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("1E+999999999"), "1E+999999999"),
    ],
)
def test_a_further_field_is_one_text(value: object, expected: str | None) -> None:
    assert custom_value(value) == expected

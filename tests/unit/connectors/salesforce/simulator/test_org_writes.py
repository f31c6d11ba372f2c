"""What a write to the org's model does, and what it is refused with."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.salesforce.simulator.clock import SimClock
from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.objects import Value
from connectors.salesforce.simulator.org import Org


@pytest.fixture
def org() -> Org:
    return Org(jitter_seconds=0)


def a_deal(org: Org, **fields: object) -> str:
    with org.transaction(org.admin_id) as tx:
        account = tx.create("Account", {"Name": "Acme"})
        given = {
            "Name": "A deal",
            "StageName": "Prospecting",
            "CloseDate": "2026-10-01",
            "AccountId": account,
        }
        return tx.create("Opportunity", given | fields)


def row_of(org: Org, name: str, record_id: str) -> Mapping[str, Value]:
    row = org.get(name, record_id)
    assert row is not None
    return row


def test_a_create_stores_native_values_and_what_follows_from_the_stage(org: Org) -> None:
    row = row_of(org, "Opportunity", a_deal(org, Amount=40000, Segment__c="SMB"))
    assert {name: row[name] for name in ("Amount", "Probability", "ExpectedRevenue", "CloseDate")} == {
        "Amount": Decimal("40000.00"),
        "Probability": Decimal(10),
        "ExpectedRevenue": Decimal("4000.00"),
        "CloseDate": date(2026, 10, 1),
    }
    assert (row["IsClosed"], row["ForecastCategoryName"], row["OwnerId"]) == (False, "Pipeline", org.admin_id)
    assert "LastStageChangeDate" not in row


@pytest.mark.parametrize(
    ("fields", "code", "at"),
    [
        ({"StageName": None}, "REQUIRED_FIELD_MISSING", ("StageName",)),
        ({"Name": "   "}, "REQUIRED_FIELD_MISSING", ("Name",)),
        ({"Nonsense": 1}, "INVALID_FIELD", ("Nonsense",)),
        ({"IsWon": True, "Amount": 1}, "INVALID_FIELD_FOR_INSERT_UPDATE", ("IsWon",)),
        ({"ContactId": "0030000000000001AA"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ("ContactId",)),
        ({"AccountId": "nonsense"}, "MALFORMED_ID", ("AccountId",)),
        ({"AccountId": "00Q5g00000Bx7Rt"}, "MALFORMED_ID", ("AccountId",)),
        ({"AccountId": "0015g00000Bx7Rt"}, "INVALID_CROSS_REFERENCE_KEY", ("AccountId",)),
        ({"Name": "x" * 121}, "STRING_TOO_LONG", ("Name",)),
        ({"Segment__c": "Tiny"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ("Segment__c",)),
        ({"Amount": 10**16}, "NUMBER_OUTSIDE_VALID_RANGE", ("Amount",)),
        ({"Amount": "many"}, "JSON_PARSER_ERROR", ("Amount",)),
        ({"Amount": True}, "JSON_PARSER_ERROR", ("Amount",)),
        ({"CloseDate": "tomorrow"}, "JSON_PARSER_ERROR", ("CloseDate",)),
        ({"IsPrivate": None}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ("IsPrivate",)),
    ],
)
def test_a_bad_update_is_refused_and_changes_nothing(
    org: Org, fields: dict[str, object], code: str, at: tuple[str, ...]
) -> None:
    deal = a_deal(org)
    before, position = org.get("Opportunity", deal), org.changes.newest

    def write() -> None:
        with org.transaction(org.admin_id) as tx:
            tx.update("Opportunity", deal, {"NextStep": "call"})
            tx.update("Opportunity", deal, fields)

    with pytest.raises(DmlError) as refused:
        write()
    assert (refused.value.code, refused.value.fields) == (code, at)
    assert org.get("Opportunity", deal) == before
    assert org.changes.newest == position


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("create", ("Opportunity", {"Name": "x"}), "REQUIRED_FIELD_MISSING"),
        ("create", ("OpportunityStage", {}), "INVALID_TYPE_FOR_OPERATION"),
        ("create", ("Nonsense", {}), "NOT_FOUND"),
        ("create", ("Contact", {"LastName": "x", "Email": "no address"}), "INVALID_EMAIL_ADDRESS"),
        ("update", ("Opportunity", "0065g00000Zk1Qa", {}), "NOT_FOUND"),
        ("update", ("Opportunity", "nonsense", {}), "MALFORMED_ID"),
        ("delete", ("Opportunity", "0065g00000Zk1Qa"), "NOT_FOUND"),
        ("delete", ("User", "0055g00000Zk1Qa"), "INVALID_TYPE_FOR_OPERATION"),
        ("undelete", ("Opportunity", "0065g00000Zk1Qa"), "UNDELETE_FAILED"),
    ],
)
def test_what_cannot_be_done_is_refused_by_its_code(
    org: Org, operation: str, arguments: tuple[object, ...], code: str
) -> None:
    with pytest.raises(DmlError) as refused, org.transaction(org.admin_id) as tx:
        getattr(tx, operation)(*arguments)
    assert refused.value.code == code


def test_a_refused_operation_leaves_the_others_of_its_transaction(org: Org) -> None:
    with org.transaction(org.admin_id) as tx:
        first = tx.create("Account", {"Name": "First"})
        with pytest.raises(DmlError):
            tx.create("Account", {})
        second = tx.create("Account", {"Name": "Second"})
    assert [row["Id"] for row in org.rows("Account")] == [first, second]


def test_a_stage_change_sets_what_it_decides_and_keeps_history(org: Org) -> None:
    deal = a_deal(org, Amount=100)
    org.clock.advance(timedelta(days=1))
    with org.transaction(org.integration_user_id) as tx:
        tx.update("Opportunity", deal, {"StageName": "Closed Won"})
    row = row_of(org, "Opportunity", deal)
    assert (row["IsClosed"], row["IsWon"], row["Probability"]) == (True, True, Decimal(100))
    assert row["LastStageChangeDate"] == datetime(2026, 9, 15, 8, 30, 12, tzinfo=UTC)
    assert row["LastModifiedById"] == org.integration_user_id
    history = org.children("OpportunityHistory", "OpportunityId", deal)
    assert [each["StageName"] for each in history] == ["Prospecting", "Closed Won"]


def test_a_probability_that_is_given_wins_over_the_stage_s(org: Org) -> None:
    deal = a_deal(org)
    with org.transaction(org.admin_id) as tx:
        tx.update("Opportunity", deal, {"StageName": "Contract Sent", "Probability": 42})
    assert row_of(org, "Opportunity", deal)["Probability"] == Decimal(42)


def test_stamps_differ_by_two_seconds_at_most_and_never_go_back() -> None:
    org = Org()
    deal = a_deal(org)
    moments: list[datetime] = []
    for number in range(40):
        org.clock.advance(timedelta(seconds=1))
        with org.transaction(org.admin_id) as tx:
            tx.update("Opportunity", deal, {"StageName": ("Qualification", "Prospecting")[number % 2]})
        row = row_of(org, "Opportunity", deal)
        changed, modified = row["LastStageChangeDate"], row["LastModifiedDate"]
        assert isinstance(changed, datetime)
        assert isinstance(modified, datetime)
        assert timedelta(0) <= modified - changed <= timedelta(seconds=2)
        moments.append(changed)
    assert moments == sorted(moments)


def test_a_delete_takes_what_belongs_to_it_and_an_undelete_brings_it_back(org: Org) -> None:
    deal = a_deal(org)
    account = str(row_of(org, "Opportunity", deal)["AccountId"])
    with org.transaction(org.admin_id) as tx:
        tx.create("Note", {"ParentId": deal, "Title": "A note"})
    with org.transaction(org.admin_id) as tx:
        tx.delete("Account", account)
    assert [org.count(name) for name in ("Account", "Opportunity", "Note", "OpportunityHistory")] == [0] * 4
    assert [row["IsDeleted"] for row in org.rows("Opportunity", include_deleted=True)] == [True]
    with pytest.raises(DmlError, match="ENTITY_IS_DELETED"), org.transaction(org.admin_id) as tx:
        tx.update("Opportunity", deal, {"NextStep": "too late"})
    with org.transaction(org.admin_id) as tx:
        tx.undelete("Account", account)
    assert [org.count(name) for name in ("Account", "Opportunity", "Note", "OpportunityHistory")] == [1] * 4
    assert next(iter(org.children("Opportunity", "AccountId", account)))["Id"] == deal


def test_a_transaction_that_fails_undoes_deletes_too(org: Org) -> None:
    deal = a_deal(org)

    def write() -> None:
        with org.transaction(org.admin_id) as tx:
            tx.delete("Opportunity", deal)
            tx.create("Account", {"Name": str(1 / 0)})

    with pytest.raises(ZeroDivisionError):
        write()
    assert org.get("Opportunity", deal) is not None
    assert len(tuple(org.children("OpportunityHistory", "OpportunityId", deal))) == 1


def test_at_most_one_contact_is_primary(org: Org) -> None:
    deal = a_deal(org)
    with org.transaction(org.admin_id) as tx:
        people = [tx.create("Contact", {"LastName": name}) for name in ("Ett", "Två")]
        for person in people:
            tx.create(
                "OpportunityContactRole", {"OpportunityId": deal, "ContactId": person, "IsPrimary": True}
            )
    roles = org.children("OpportunityContactRole", "OpportunityId", deal)
    assert [(row["ContactId"], row["IsPrimary"]) for row in roles] == [(people[0], False), (people[1], True)]


def test_an_external_id_is_held_once(org: Org) -> None:
    a_deal(org, External_Id__c="one")
    with pytest.raises(DmlError, match="DUPLICATE_VALUE"):
        a_deal(org, External_Id__c="one")


def test_a_new_note_is_a_document_with_a_version_and_a_link(org: Org) -> None:
    deal = a_deal(org)
    with org.transaction(org.admin_id) as tx:
        note = tx.create("ContentNote", {"Title": "Call", "Content": "PHA+SGkgJmFtcDsgYnllPC9wPg=="})
        tx.create("ContentDocumentLink", {"ContentDocumentId": note, "LinkedEntityId": deal})
        tx.update("ContentNote", note, {"Content": b"<p>Changed</p>"})
    links = org.children("ContentDocumentLink", "ContentDocumentId", note)
    assert {row["LinkedEntityId"] for row in links} == {org.admin_id, deal}
    versions = tuple(org.children("ContentVersion", "ContentDocumentId", note))
    assert [(row["VersionNumber"], row["IsLatest"], row["TextPreview"]) for row in versions] == [
        ("1", False, "Hi & bye"),
        ("2", True, "Changed"),
    ]
    view = row_of(org, "ContentNote", note)
    assert (view["Title"], view["Content"], view["FileType"]) == ("Call", b"<p>Changed</p>", "SNOTE")


def test_a_field_that_security_hides_or_locks_cannot_be_written(org: Org) -> None:
    deal = a_deal(org)
    org.access.hide("Opportunity", "Amount", org.integration_user_id)
    org.access.lock("Opportunity", "NextStep", org.integration_user_id)
    for fields, code in (
        ({"Amount": 1}, "INVALID_FIELD"),
        ({"NextStep": "x"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ):
        with pytest.raises(DmlError, match=code), org.transaction(org.integration_user_id) as tx:
            tx.update("Opportunity", deal, fields)
    with org.transaction(org.admin_id) as tx:
        tx.update("Opportunity", deal, {"Amount": 1, "NextStep": "x"})


def test_ids_are_found_in_either_length_and_in_whatever_transaction(org: Org) -> None:
    deal = a_deal(org)
    assert org.get("Opportunity", deal[:15]) == org.get("Opportunity", deal)
    assert org.get("Opportunity", "'; DROP") is None


def test_the_same_seed_makes_the_same_org() -> None:
    one, two, other = Org(seed=5), Org(seed=5), Org(seed=6)
    assert one.org_id == two.org_id != other.org_id
    assert one.app == two.app != other.app
    assert a_deal(one) == a_deal(two)
    kinds = [[event.transaction_key for event in each.changes.after(0)] for each in (one, two)]
    assert kinds[0] == kinds[1] != []


def test_a_clock_that_moves_tells_who_watches() -> None:
    clock, seen = SimClock(), list[datetime]()
    clock.watch(lambda: seen.append(clock.now()))
    clock.set(datetime(2027, 1, 1, tzinfo=UTC))
    clock.advance(timedelta(hours=1))
    assert seen == [datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, 1, tzinfo=UTC)]

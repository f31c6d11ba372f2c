"""Which change events a transaction ends as."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise

import pytest

from connectors.salesforce.simulator import change_drafts
from connectors.salesforce.simulator.changes import ChangeEvent, api_origin, event_name
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.stages import rename_stage
from connectors.salesforce.simulator.transaction import Transaction

ADMIN_ONLY = {"Name": "A deal", "StageName": "Prospecting", "CloseDate": "2026-10-01"}


class Log:
    """An org, and the events since the last look."""

    def __init__(self) -> None:
        self.org = Org(jitter_seconds=0)
        self._seen = 0

    @contextmanager
    def writing(self, origin: str = "") -> Iterator[Transaction]:
        with self.org.transaction(self.org.admin_id, origin) as tx:
            yield tx

    def news(self) -> list[ChangeEvent]:
        events = list(self.org.changes.after(self._seen))
        self._seen = self.org.changes.newest
        return events

    def deals(self, count: int) -> list[str]:
        with self.writing() as tx:
            made = [tx.create("Opportunity", ADMIN_ONLY | {"Name": f"Deal {n}"}) for n in range(count)]
        self.news()
        self.org.clock.advance(timedelta(hours=1))
        return made


@pytest.fixture
def log() -> Log:
    return Log()


def shapes(events: list[ChangeEvent]) -> list[tuple[str, str, int]]:
    return [(event.change_type, event.entity, len(event.record_ids)) for event in events]


def test_an_update_carries_changed_fields_only_and_null_where_it_was_set(log: Log) -> None:
    (deal,) = log.deals(1)
    with log.writing() as tx:
        tx.update("Opportunity", deal, {"StageName": "Closed Won", "NextStep": "none"})
    (event,) = log.news()
    assert [event_name(item) for item in event.changed] == [
        "StageName",
        "Probability",
        "NextStep",
        "IsClosed",
        "IsWon",
        "ForecastCategory",
        "ForecastCategoryName",
        "LastModifiedDate",
        "LastStageChangeDate",
    ]
    assert list(event.body) == [item.name for item in event.changed]
    with log.writing() as tx:
        tx.update("Opportunity", deal, {"NextStep": None})
    (event,) = log.news()
    assert event.body["NextStep"] is None


def test_who_changed_it_is_told_only_when_it_is_somebody_else(log: Log) -> None:
    (deal,) = log.deals(1)
    with log.org.transaction(log.org.integration_user_id) as tx:
        tx.update("Opportunity", deal, {"NextStep": "a"})
    with log.org.transaction(log.org.integration_user_id) as tx:
        tx.update("Opportunity", deal, {"NextStep": "b"})
    first, second = log.news()
    assert "LastModifiedById" in first.body
    assert "LastModifiedById" not in second.body


def test_several_writes_to_one_record_are_one_event_of_the_first_kind(log: Log) -> None:
    with log.writing() as tx:
        deal = tx.create("Opportunity", ADMIN_ONLY)
        tx.update("Opportunity", deal, {"StageName": "Qualification"})
        tx.update("Opportunity", deal, {"StageName": "Closed Lost"})
    (event,) = log.news()
    assert (event.change_type, event.body["StageName"], event.changed) == ("CREATE", "Closed Lost", ())
    assert "Amount" not in event.body
    with log.writing() as tx:
        tx.update("Opportunity", deal, {"StageName": "Prospecting"})
        tx.update("Opportunity", deal, {"StageName": "Contract Sent"})
    (event,) = log.news()
    assert (event.change_type, event.body["StageName"]) == ("UPDATE", "Contract Sent")


def test_what_comes_and_goes_within_a_transaction_is_no_event(log: Log) -> None:
    with log.writing() as tx:
        tx.delete("Opportunity", tx.create("Opportunity", ADMIN_ONLY))
    assert log.news() == []


def test_the_same_change_to_several_records_is_one_event(log: Log) -> None:
    deals = log.deals(3)
    with log.writing() as tx:
        for deal in deals:
            tx.update("Opportunity", deal, {"StageName": "Closed Won"})
        other = tx.create("Account", {"Name": "Acme"})
    assert shapes(log.news()) == [("UPDATE", "Opportunity", 3), ("CREATE", "Account", 1)]
    with log.writing() as tx:
        for deal in deals:
            tx.delete("Opportunity", deal)
        tx.delete("Account", other)
    event, _ = log.news()
    assert (event.change_type, event.record_ids, event.body) == ("DELETE", tuple(deals), {})


def test_events_of_one_transaction_share_its_key_and_are_numbered(log: Log) -> None:
    origin = api_origin("66.0", "acme_sync")
    with log.writing(origin) as tx:
        account = tx.create("Account", {"Name": "Acme"})
        tx.create("Task", {"WhatId": account, "Subject": "Call"})
        tx.create("Contact", {"LastName": "Nilsson", "AccountId": account})
    events = log.news()
    # The task is not selected: it has a number, and no event.
    assert [(event.entity, event.sequence_number) for event in events] == [("Account", 1), ("Contact", 3)]
    assert len({event.transaction_key for event in events}) == 1
    assert events[0].change_origin == "com/salesforce/api/rest/66.0;client=acme_sync"


def test_objects_without_change_events_make_none(log: Log) -> None:
    (deal,) = log.deals(1)
    log.org.changes.selected = list(log.org.objects)
    with log.writing() as tx:
        tx.create("Note", {"ParentId": deal, "Title": "Old"})
    assert log.news() == []


def test_undelete_carries_everything_again(log: Log) -> None:
    (deal,) = log.deals(1)
    with log.writing() as tx:
        tx.delete("Opportunity", deal)
    with log.writing() as tx:
        tx.undelete("Opportunity", deal)
    gone, back = log.news()
    assert (gone.change_type, back.change_type) == ("DELETE", "UNDELETE")
    assert back.body["Name"] == "Deal 0"
    assert not {"IsDeleted", "SystemModstamp", "ExpectedRevenue", "Id"} & set(back.body)


def test_replay_ids_rise_with_gaps_and_are_known_for_72_hours(log: Log) -> None:
    for _ in range(30):
        log.deals(1)
        log.org.clock.advance(timedelta(hours=1))
    ids = [event.replay_id for event in log.org.changes.after(0)]
    assert ids == sorted(set(ids))
    assert any(after - before > 1 for before, after in pairwise(ids))
    assert all(log.org.changes.knows(each) for each in ids)
    assert not log.org.changes.knows(ids[0] - 1)
    assert not log.org.changes.knows(ids[-1] + 1)
    log.org.clock.advance(timedelta(hours=72 - 58))
    assert not log.org.changes.knows(ids[0])
    assert [event.replay_id for event in log.org.changes.after(0)] == ids[1:]


def test_too_many_changes_end_as_one_overflow_an_entity(log: Log) -> None:
    assert log.org.changes.overflow_after == 100_000
    log.org.changes.overflow_after = 12
    deals = log.deals(3)
    with log.writing() as tx:
        for number, deal in enumerate(deals):
            # Two changed fields each: this one and LastModifiedDate.
            tx.update("Opportunity", deal, {"NextStep": f"step {number}"})
        for _ in range(10):
            tx.create("Account", {"Name": "Acme"})
    events = log.news()
    assert shapes(events)[:4] == [("UPDATE", "Opportunity", 1)] * 3 + [("CREATE", "Account", 6)]
    assert [(event.change_type, event.record_ids) for event in events[4:]] == [
        ("GAP_OVERFLOW", ("000000000000000AAA",))
    ]


def test_a_renamed_stage_is_one_event_for_all_its_deals(log: Log) -> None:
    deals = log.deals(3)
    assert rename_stage(log.org, "Prospecting", "Hunting") == 3
    (event,) = log.news()
    assert (event.change_type, event.record_ids) == ("UPDATE", tuple(deals))
    assert set(event.body) == {"StageName", "LastModifiedDate"}
    assert next(row["ApiName"] for row in log.org.rows("OpportunityStage")) == "Hunting"
    assert not tuple(log.org.children("Opportunity", "StageName", "Prospecting"))


def test_a_merged_event_names_so_many_records_at_most(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_drafts, "_MOST_MERGED", 2)
    deals = log.deals(5)
    with log.writing() as tx:
        for deal in deals:
            tx.delete("Opportunity", deal)
    assert [len(event.record_ids) for event in log.news()] == [2, 2, 1]

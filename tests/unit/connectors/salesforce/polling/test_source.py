"""Polling an org that moves on: what is told, once, whatever is late, tied, cut off, many or hidden."""

from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from connectors.ports import RETAINED_EDGE
from connectors.salesforce.polling.config import PollConfig
from connectors.salesforce.polling.query import ROWS_PER_PAGE
from connectors.salesforce.simulator.clock import SimClock
from connectors.salesforce.simulator.org import Org
from schemas.errors import GapError, RefusedError, UnavailableError
from schemas.ids import stage_entry_id
from schemas.stage import OPPORTUNITY_DELETED, OPPORTUNITY_UNDELETED
from tests.fixtures.polled_org import Polled, changes_of, deal_in, entries_of, events_since, update


@pytest.fixture
def org() -> Org:
    return Org(seed=5, jitter_seconds=0)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> int:
    rows = 20
    for module in ("query", "reader"):
        monkeypatch.setattr(f"connectors.salesforce.polling.{module}.ROWS_PER_PAGE", rows)
    return rows


def wait(org: Org, seconds: float) -> None:
    org.clock.advance(timedelta(seconds=seconds))


async def test_what_was_before_it_connected_is_not_told(org: Org) -> None:
    old = deal_in(org)
    update(org, old, StageName="Closed Won")
    polled = Polled(org)
    await polled.open(None)
    assert await polled.poll() == []
    wait(org, 10)
    update(org, old, Name="another name")
    (change,) = changes_of(await polled.poll())
    assert (change.change_type, change.changed_fields) == ("UPDATE", ("LastModifiedDate",))
    assert change.transport == "poll"


async def test_a_deal_that_moved_twice_between_two_polls_tells_of_both_with_the_ids_of_change_events(
    org: Org,
) -> None:
    polled = Polled(org)
    await polled.open(None)
    start = org.changes.newest
    deal = deal_in(org)
    for stage in ("Qualification", "Negotiation/Review", "Closed Won"):
        wait(org, 7)
        update(org, deal, StageName=stage)
    wait(org, 7)
    update(org, deal, Name="and then something else")
    found = await polled.poll()
    assert len(found) == 1
    heard = entries_of(changes_of(list(events_since(org, start))))
    told = entries_of(changes_of(found))
    assert [each.stage for each in told] == [
        "Prospecting",
        "Qualification",
        "Negotiation/Review",
        "Closed Won",
    ]
    assert [each.id for each in told] == [each.id for each in heard]
    assert [each.previous_stage for each in told] == [each.previous_stage for each in heard]
    assert [each.created_in_stage for each in told] == [True, False, False, False]


@pytest.mark.parametrize("seed", range(6))
async def test_where_stamps_differ_the_present_stage_has_the_id_of_its_change_event(seed: int) -> None:
    org = Org(seed=seed, jitter_seconds=2)
    deal = deal_in(org)
    wait(org, 1000)
    polled = Polled(org)
    await polled.open(None)
    start = org.changes.newest
    update(org, deal, StageName="Closed Won")
    (heard,) = entries_of(changes_of(list(events_since(org, start))))
    (told,) = entries_of(changes_of(await polled.poll()))
    assert told.id == heard.id


async def test_rows_of_the_history_that_mean_another_amount_are_no_entries(org: Org) -> None:
    deal = deal_in(org)
    polled = Polled(org)
    await polled.open(None)
    wait(org, 10)
    update(org, deal, Amount=5)
    (change,) = changes_of(await polled.poll())
    assert "StageName" not in change.changed_fields


async def test_nothing_is_told_twice_while_it_is_looked_back_over(org: Org) -> None:
    polled = Polled(org)
    await polled.open(None)
    deal = deal_in(org)
    told = await polled.poll()
    for _ in range(20):
        wait(org, 30)
        assert await polled.poll() == []
    assert len(told) == 1
    assert deal in told[0].replay_id


@pytest.mark.parametrize("late", [30, 299])
async def test_what_was_committed_late_is_told(org: Org, late: int) -> None:
    slow, other = deal_in(org), deal_in(org)
    wait(org, 1000)
    polled = Polled(org)
    await polled.open(None)
    wait(org, late)
    update(org, other, StageName="Qualification")
    (first,) = await polled.poll()
    update(org, slow, stamped_ago=timedelta(seconds=late), StageName="Closed Won")
    (second,) = await polled.poll()
    (entry,) = entries_of(changes_of([second]))
    assert (entry.opportunity_id, entry.stage) == (slow, "Closed Won")
    # It moves nothing back, so that what follows is not read again from there.
    assert second.replay_id.split("/")[:2] == first.replay_id.split("/")[:2]


async def test_what_is_late_and_was_not_taken_comes_again_after_a_restart(org: Org) -> None:
    slow, other = deal_in(org), deal_in(org)
    wait(org, 1000)
    polled = Polled(org)
    await polled.open(None)
    wait(org, 100)
    update(org, other, StageName="Qualification")
    (first,) = await polled.poll()
    update(org, slow, stamped_ago=timedelta(seconds=90), StageName="Closed Won")
    polled.renew()
    await polled.open(first.replay_id)
    assert {each.opportunity_id for each in entries_of(changes_of(await polled.poll()))} >= {slow}


async def test_two_stages_in_the_second_that_was_being_read(org: Org) -> None:
    deal = deal_in(org)
    wait(org, 100)
    polled = Polled(org)
    await polled.open(None)
    update(org, deal, StageName="Qualification")
    first = await polled.poll()
    # There and back under the same stamp: nothing that the deal says of itself differs.
    update(org, deal, StageName="Closed Won")
    update(org, deal, StageName="Qualification")
    wait(org, 6)
    second = await polled.poll()
    wait(org, 6)
    assert await polled.poll() == []
    stages = [each.stage for each in entries_of(changes_of(first + second))]
    assert [stage for stage in stages if stage == "Closed Won"] == ["Closed Won"]


async def test_many_deals_of_one_second_over_more_than_a_page(org: Org) -> None:
    polled = Polled(org)
    await polled.open(None)
    count = ROWS_PER_PAGE + 300
    with org.transaction(org.admin_id) as tx:
        deal = {"Name": "one of many", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
        made = {tx.create("Opportunity", deal) for _ in range(count)}
    before = polled.rest.calls
    found = await polled.poll()
    assert {change.record_id for change in changes_of(found)} == made
    assert len(found) == count
    assert len({each.replay_id for each in found}) == count
    # Two pages of deals, and a call of 500 histories each, of which a page holds 2,000 rows.
    assert polled.rest.calls - before == 2 + 5


@pytest.mark.parametrize("taken", [1, 7, 19, 20, 21])
async def test_killed_in_a_page_it_goes_on_behind_what_was_taken(
    org: Org, taken: int, small_pages: int
) -> None:
    polled = Polled(org)
    await polled.open(None)
    start = deal_in(org, "start")
    (first,) = await polled.poll()
    wait(org, 3600)
    with org.transaction(org.admin_id) as tx:
        deal = {"Name": "one of many", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
        made = {tx.create("Opportunity", deal) for _ in range(small_pages + 10)}
    heard = await polled.poll(taken)
    polled.renew()
    await polled.open(heard[-1].replay_id)
    more = await polled.poll()
    told = {change.record_id for change in changes_of(heard + more)}
    assert told >= made
    ahead = [change.record_id for change in changes_of(more)][: len(made) - taken]
    assert set(ahead) == made - {change.record_id for change in changes_of(heard)}
    assert start in first.replay_id


async def test_killed_while_it_catches_up_it_still_tells_stages_of_before_its_place(org: Org) -> None:
    early, moved = deal_in(org), deal_in(org)
    wait(org, 1000)
    polled = Polled(org)
    await polled.open(None)
    update(org, early, Name="a place to resume after")
    (place,) = await polled.poll()
    # A day without a poll: one deal enters a stage early on, and is touched last of all.
    wait(org, 3600)
    update(org, moved, StageName="Closed Won")
    wait(org, 36000)
    update(org, early, Name="read first")
    wait(org, 36000)
    update(org, moved, Name="read last")
    polled.renew()
    await polled.open(place.replay_id)
    (first,) = await polled.poll(1)
    polled.renew()
    await polled.open(first.replay_id)
    assert "Closed Won" in {each.stage for each in entries_of(changes_of(await polled.poll()))}


async def test_deleted_and_back_are_told_as_by_change_events(org: Org) -> None:
    deal = deal_in(org)
    wait(org, 100)
    polled = Polled(org)
    await polled.open(None)
    start = org.changes.newest
    with org.transaction(org.admin_id) as tx:
        tx.delete("Opportunity", deal)
    deleted = await polled.poll()
    wait(org, 60)
    with org.transaction(org.admin_id) as tx:
        tx.undelete("Opportunity", deal)
    back = await polled.poll()
    told = entries_of(changes_of(deleted + back))
    assert [each.kind for each in told] == [OPPORTUNITY_DELETED, OPPORTUNITY_UNDELETED]
    heard = entries_of(changes_of(list(events_since(org, start))))
    assert {each.id for each in told} <= {each.id for each in heard}


async def test_a_stage_entered_just_before_the_end_is_told_with_the_end(org: Org) -> None:
    deal = deal_in(org)
    wait(org, 100)
    polled = Polled(org)
    await polled.open(None)
    update(org, deal, StageName="Closed Lost")
    wait(org, 5)
    with org.transaction(org.admin_id) as tx:
        tx.delete("Opportunity", deal)
    assert [change.change_type for change in changes_of(await polled.poll())] == ["UPDATE", "DELETE"]


@pytest.mark.parametrize("minutes", [-120, -3, 3, 120])
async def test_clocks_that_differ_change_nothing(org: Org, minutes: int) -> None:
    deal = deal_in(org)
    wait(org, 1000)
    ours = SimClock(org.clock.now() + timedelta(minutes=minutes))
    polled = Polled(org, clock=ours)
    await polled.open(None)
    start = org.changes.newest
    for stage in ("Qualification", "Closed Won"):
        wait(org, 20)
        ours.advance(timedelta(seconds=20))
        update(org, deal, StageName=stage)
        await polled.poll()
    heard = entries_of(changes_of(list(events_since(org, start))))
    assert [each.id for each in entries_of(changes_of(polled.heard))] == [each.id for each in heard]


@pytest.mark.parametrize(
    "position",
    [
        "421337",
        "",
        "2026-09-14T08:30:12.000Z/0065g00000Zk1QaAAJ",
        "2026-13-14T08:30:12.000Z/0065g00000Zk1QaAAJ/2026-09-14T08:25:12.000Z",
        "0001-01-01T00:00:00.000Z/0065g00000Zk1QaAAJ/0001-01-01T00:00:00.000Z",
        "2026-09-14T08:25:12.000Z/0065g00000Zk1QaAAJ/2026-09-14T08:30:12.000Z",
        "2026-09-14T08:30:12.000Z/0065g00000Zk1Qa' OR/2026-09-14T08:25:12.000Z",
        "9999-12-31T23:59:59.000Z/0065g00000Zk1QaAAJ/2026-09-14T08:25:12.000Z",
    ],
)
async def test_a_position_that_means_nothing_here_is_a_gap(org: Org, position: str) -> None:
    deal_in(org)
    polled = Polled(org)
    with pytest.raises(GapError):
        await polled.open(position)


async def test_a_position_older_than_anything_is_resumed_and_loses_no_stage(org: Org) -> None:
    polled = Polled(org)
    await polled.open(None)
    deal = deal_in(org)
    (first,) = await polled.poll()
    for stage in ("Qualification", "Closed Won"):
        wait(org, 40 * 86400)
        update(org, deal, StageName=stage)
    polled.renew()
    with capture_logs() as logs:
        await polled.open(first.replay_id)
    assert any(each["event"] == "deals deleted long ago may not be heard of" for each in logs)
    stages = [each.stage for each in entries_of(changes_of(await polled.poll()))]
    assert stages == ["Prospecting", "Qualification", "Closed Won"]


async def test_the_edge_reaches_back_as_far_as_it_is_told_to(org: Org) -> None:
    old, new = deal_in(org), deal_in(org)
    wait(org, 50 * 3600)
    update(org, new, StageName="Closed Won")
    polled = Polled(org, config=PollConfig(share=1, look_back_hours=24))
    await polled.open(RETAINED_EDGE)
    assert {change.record_id for change in changes_of(await polled.poll())} == {new}
    assert old != new


async def test_an_empty_org_can_be_polled(org: Org) -> None:
    polled = Polled(org)
    await polled.open(None)
    assert await polled.poll() == []
    deal = deal_in(org)
    assert [change.record_id for change in changes_of(await polled.poll())] == [deal]


async def test_a_quiet_poll_is_one_call_and_one_that_finds_something_two(org: Org) -> None:
    deal = deal_in(org)
    wait(org, 1000)
    polled = Polled(org)
    await polled.open(None)
    await polled.poll()
    costs = []
    for touch in (False, True, False, False):
        if touch:
            update(org, deal, StageName="Closed Won")
        before = polled.rest.calls
        await polled.poll()
        costs.append(polled.rest.calls - before)
        wait(org, 10)
    assert costs == [1, 2, 2, 1]  # the third looks at the deal once more


LIMIT = UnavailableError("Salesforce answers 403", retry_after=timedelta(minutes=15))


async def test_a_refused_poll_ends_the_session_and_the_next_one_goes_on_without_repeats(org: Org) -> None:
    deal = deal_in(org)
    wait(org, 1000)
    polled = Polled(org)
    await polled.open(None)
    update(org, deal, StageName="Qualification")
    (first,) = await polled.poll()
    polled.rest.failures.append(LIMIT)
    with pytest.raises(UnavailableError) as caught:
        await polled.poll()
    assert caught.value.retry_after == timedelta(minutes=15)
    await polled.open(first.replay_id)
    assert await polled.poll() == []
    wait(org, 10)
    update(org, deal, StageName="Closed Won")
    (entry,) = entries_of(changes_of(await polled.poll()))
    assert entry.stage == "Closed Won"


async def test_a_failure_between_two_pages_loses_nothing(org: Org, small_pages: int) -> None:
    polled = Polled(org)
    await polled.open(None)
    with org.transaction(org.admin_id) as tx:
        deal = {"Name": "one of many", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
        made = {tx.create("Opportunity", deal) for _ in range(small_pages + 10)}
    found = await polled.poll(small_pages)
    polled.rest.failures.append(LIMIT)
    with pytest.raises(UnavailableError):
        await polled.poll()
    await polled.open(found[-1].replay_id)
    assert {change.record_id for change in changes_of(found + await polled.poll())} == made


async def test_without_the_stage_date_the_history_tells_and_it_is_said(org: Org) -> None:
    deal = deal_in(org)
    wait(org, 1000)
    org.access.hide("Opportunity", "LastStageChangeDate")
    polled = Polled(org)
    with capture_logs() as logs:
        await polled.open(None)
    assert [each["hidden"] for each in logs if each["event"] == "polling sees less than all"] == [
        "LastStageChangeDate"
    ]
    update(org, deal, StageName="Closed Won")
    moment = org.clock.now()
    (entry,) = entries_of(changes_of(await polled.poll()))
    assert entry.id == stage_entry_id(org.org_id, deal, "Closed Won", moment)


async def test_an_org_that_refuses_the_query_refuses_us(org: Org) -> None:
    polled = Polled(org)
    await polled.open(None)
    org.access.hide("Opportunity", "LastStageChangeDate")
    with pytest.raises(RefusedError, match="INVALID_FIELD"):
        await polled.poll()


async def test_a_deal_that_cannot_be_read_is_set_aside_and_the_next_one_comes(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    polled = Polled(org)
    await polled.open(None)
    bad, good = deal_in(org), deal_in(org)
    answer = polled.rest.call

    async def spoilt(*args: object, **kwargs: object) -> object:
        page = await answer(*args, **kwargs)  # type: ignore[arg-type]  # handed on as it came
        for record in page.get("records", ()):
            if record.get("Id") == bad:
                record["StageName"] = {"diff": "--- "}
        return page

    monkeypatch.setattr(polled.rest, "call", spoilt)
    found = await polled.poll()
    assert [each.malformed is not None for each in found] == [True, False]
    assert [change.record_id for change in changes_of(found)] == [good]
    wait(org, 10)
    assert await polled.poll() == []


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"records": [{}]}, {"records": [{"Id": "x"}]}, {"records": 5}]
)
async def test_an_answer_that_makes_no_sense_is_a_typed_error(
    org: Org, answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    polled = Polled(org)
    await polled.open(None)

    async def nonsense(*_: object, **__: object) -> object:
        return {"done": True, **answer} if isinstance(answer, dict) else answer

    monkeypatch.setattr(polled.rest, "call", nonsense)
    with pytest.raises(UnavailableError):
        await polled.poll()


async def test_memory_is_bounded_by_what_is_looked_back_over(org: Org) -> None:
    deals = [deal_in(org) for _ in range(40)]
    polled = Polled(org, config=PollConfig(share=1, overlap_seconds=60))
    await polled.open(None)
    for deal in deals:
        wait(org, 30)
        update(org, deal, StageName="Closed Won")
        await polled.poll()
    window = polled.source._kept
    assert window is not None
    assert len(window._looks) <= 3
    assert len(window._given) <= 3


def test_the_clock_of_these_tests_stands_still(org: Org) -> None:
    assert org.clock.now() == datetime.fromisoformat("2026-09-14T08:30:12Z")

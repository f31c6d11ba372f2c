"""Polling an org that moves on: what is told, and told once, whatever is late, tied or deleted."""

from datetime import timedelta

import pytest

from connectors.salesforce.polling.config import PollConfig
from connectors.salesforce.simulator.clock import SimClock
from connectors.salesforce.simulator.org import Org
from schemas.stage import OPPORTUNITY_DELETED, OPPORTUNITY_UNDELETED
from tests.fixtures.polled_org import Polled, changes_of, deal_in, entries_of, events_since, pass_by, update


async def test_what_was_before_it_connected_is_not_told(org: Org) -> None:
    old = deal_in(org)
    update(org, old, StageName="Closed Won")
    polled = Polled(org)
    await polled.open(None)
    assert await polled.poll() == []
    pass_by(org, 10)
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
        pass_by(org, 7)
        update(org, deal, StageName=stage)
    pass_by(org, 7)
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
    pass_by(org, 1000)
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
    pass_by(org, 10)
    update(org, deal, Amount=5)
    (change,) = changes_of(await polled.poll())
    assert "StageName" not in change.changed_fields


async def test_nothing_is_told_twice_while_it_is_looked_back_over(org: Org) -> None:
    polled = Polled(org)
    await polled.open(None)
    deal = deal_in(org)
    told = await polled.poll()
    for _ in range(20):
        pass_by(org, 30)
        assert await polled.poll() == []
    assert len(told) == 1
    assert deal in told[0].replay_id


@pytest.mark.parametrize("late", [30, 299])
async def test_what_was_committed_late_is_told(org: Org, late: int) -> None:
    slow, other = deal_in(org), deal_in(org)
    pass_by(org, 1000)
    polled = Polled(org)
    await polled.open(None)
    pass_by(org, late)
    update(org, other, StageName="Qualification")
    (first,) = await polled.poll()
    update(org, slow, stamped_ago=timedelta(seconds=late), StageName="Closed Won")
    (second,) = await polled.poll()
    (entry,) = entries_of(changes_of([second]))
    assert (entry.opportunity_id, entry.stage) == (slow, "Closed Won")
    # It moves nothing back, so that what follows is not read again from there.
    assert second.replay_id.split("/")[:2] == first.replay_id.split("/")[:2]


async def test_two_stages_in_the_second_that_was_being_read(org: Org) -> None:
    deal = deal_in(org)
    pass_by(org, 100)
    polled = Polled(org)
    await polled.open(None)
    update(org, deal, StageName="Qualification")
    first = await polled.poll()
    # There and back under the same stamp: nothing that the deal says of itself differs.
    update(org, deal, StageName="Closed Won")
    update(org, deal, StageName="Qualification")
    pass_by(org, 6)
    second = await polled.poll()
    pass_by(org, 6)
    assert await polled.poll() == []
    stages = [each.stage for each in entries_of(changes_of(first + second))]
    assert [stage for stage in stages if stage == "Closed Won"] == ["Closed Won"]


async def test_deleted_and_back_are_told_as_by_change_events(org: Org) -> None:
    deal = deal_in(org)
    pass_by(org, 100)
    polled = Polled(org)
    await polled.open(None)
    start = org.changes.newest
    with org.transaction(org.admin_id) as tx:
        tx.delete("Opportunity", deal)
    deleted = await polled.poll()
    pass_by(org, 60)
    with org.transaction(org.admin_id) as tx:
        tx.undelete("Opportunity", deal)
    back = await polled.poll()
    told = entries_of(changes_of(deleted + back))
    assert [each.kind for each in told] == [OPPORTUNITY_DELETED, OPPORTUNITY_UNDELETED]
    heard = entries_of(changes_of(list(events_since(org, start))))
    assert {each.id for each in told} <= {each.id for each in heard}


async def test_a_stage_entered_just_before_the_end_is_told_with_the_end(org: Org) -> None:
    deal = deal_in(org)
    pass_by(org, 100)
    polled = Polled(org)
    await polled.open(None)
    update(org, deal, StageName="Closed Lost")
    pass_by(org, 5)
    with org.transaction(org.admin_id) as tx:
        tx.delete("Opportunity", deal)
    assert [change.change_type for change in changes_of(await polled.poll())] == ["UPDATE", "DELETE"]


@pytest.mark.parametrize("minutes", [-120, -3, 3, 120])
async def test_clocks_that_differ_change_nothing(org: Org, minutes: int) -> None:
    deal = deal_in(org)
    pass_by(org, 1000)
    ours = SimClock(org.clock.now() + timedelta(minutes=minutes))
    polled = Polled(org, clock=ours)
    await polled.open(None)
    start = org.changes.newest
    for stage in ("Qualification", "Closed Won"):
        pass_by(org, 20)
        ours.advance(timedelta(seconds=20))
        update(org, deal, StageName=stage)
        await polled.poll()
    heard = entries_of(changes_of(list(events_since(org, start))))
    assert [each.id for each in entries_of(changes_of(polled.heard))] == [each.id for each in heard]


async def test_an_empty_org_can_be_polled(org: Org) -> None:
    polled = Polled(org)
    await polled.open(None)
    assert await polled.poll() == []
    deal = deal_in(org)
    assert [change.record_id for change in changes_of(await polled.poll())] == [deal]


async def test_a_quiet_poll_is_one_call_and_one_that_finds_something_two(org: Org) -> None:
    deal = deal_in(org)
    pass_by(org, 1000)
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
        pass_by(org, 10)
    assert costs == [1, 2, 2, 1]  # the third looks at the deal once more


async def test_memory_is_bounded_by_what_is_looked_back_over(org: Org) -> None:
    deals = [deal_in(org) for _ in range(40)]
    polled = Polled(org, config=PollConfig(share=1, overlap_seconds=60))
    await polled.open(None)
    for deal in deals:
        pass_by(org, 30)
        update(org, deal, StageName="Closed Won")
        await polled.poll()
    window = polled.source._kept
    assert window is not None
    assert len(window._looks) <= 3
    assert len(window._given) <= 6  # what is final lags by some polls

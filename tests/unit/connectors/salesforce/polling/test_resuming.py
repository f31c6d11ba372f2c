"""Polling that is cut off, killed, long away or in the wrong place: it goes on, and loses nothing."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from connectors.ports import RETAINED_EDGE
from connectors.salesforce.polling.config import PollConfig
from connectors.salesforce.polling.query import ROWS_PER_PAGE
from connectors.salesforce.simulator.clock import SimClock
from connectors.salesforce.simulator.org import Org
from schemas.errors import GapError, UnavailableError
from tests.fixtures.polled_org import Polled, changes_of, deal_in, entries_of, pass_by, update

LIMIT = UnavailableError("Salesforce answers 403", retry_after=timedelta(minutes=15))


async def test_what_is_late_and_was_not_taken_comes_again_after_a_restart(org: Org) -> None:
    slow, other = deal_in(org), deal_in(org)
    pass_by(org, 1000)
    polled = Polled(org)
    await polled.open(None)
    pass_by(org, 100)
    update(org, other, StageName="Qualification")
    (first,) = await polled.poll()
    update(org, slow, stamped_ago=timedelta(seconds=90), StageName="Closed Won")
    polled.renew()
    await polled.open(first.replay_id)
    assert {each.opportunity_id for each in entries_of(changes_of(await polled.poll()))} >= {slow}


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
    pass_by(org, 3600)
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
    pass_by(org, 1000)
    polled = Polled(org)
    await polled.open(None)
    update(org, early, Name="a place to resume after")
    (place,) = await polled.poll()
    # A day without a poll: one deal enters a stage early on, and is touched last of all.
    pass_by(org, 3600)
    update(org, moved, StageName="Closed Won")
    pass_by(org, 36000)
    update(org, early, Name="read first")
    pass_by(org, 36000)
    update(org, moved, Name="read last")
    polled.renew()
    await polled.open(place.replay_id)
    (first,) = await polled.poll(1)
    polled.renew()
    await polled.open(first.replay_id)
    assert "Closed Won" in {each.stage for each in entries_of(changes_of(await polled.poll()))}


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
        pass_by(org, 40 * 86400)
        update(org, deal, StageName=stage)
    polled.renew()
    with capture_logs() as logs:
        await polled.open(first.replay_id)
    assert any(each["event"] == "deals deleted long ago may not be heard of" for each in logs)
    stages = [each.stage for each in entries_of(changes_of(await polled.poll()))]
    assert stages == ["Prospecting", "Qualification", "Closed Won"]


async def test_the_edge_reaches_back_as_far_as_it_is_told_to(org: Org) -> None:
    old, new = deal_in(org), deal_in(org)
    pass_by(org, 50 * 3600)
    update(org, new, StageName="Closed Won")
    polled = Polled(org, config=PollConfig(share=1, look_back_hours=24))
    await polled.open(RETAINED_EDGE)
    assert {change.record_id for change in changes_of(await polled.poll())} == {new}
    assert old != new


async def test_a_refused_poll_ends_the_session_and_the_next_one_goes_on_without_repeats(org: Org) -> None:
    deal = deal_in(org)
    pass_by(org, 1000)
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
    pass_by(org, 10)
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


async def test_an_org_refreshed_behind_our_back_is_a_gap_and_is_read_anew(org: Org) -> None:
    polled = Polled(org)
    await polled.open(None)
    deal_in(org)
    (place,) = await polled.poll()
    copy = Org(seed=5, jitter_seconds=0, clock=SimClock(org.clock.now() - timedelta(days=9)))
    old = deal_in(copy)
    again = Polled(copy)
    with pytest.raises(GapError, match="refreshed"):
        await again.open(place.replay_id)
    await again.open(RETAINED_EDGE)
    assert [change.record_id for change in changes_of(await again.poll())] == [old]

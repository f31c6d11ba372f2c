"""Events that say nothing, before a simulated org: what is told in their place, and with which ids."""

from datetime import timedelta

import pytest

from connectors.ports import RETAINED_EDGE
from connectors.salesforce.readback.position import after_missing
from connectors.salesforce.simulator.org import Org
from schemas.errors import RefusedError, UnavailableError
from schemas.stage import OPPORTUNITY_DELETED, OPPORTUNITY_UNDELETED
from tests.fixtures.polled_org import deal_in, entries_of, pass_by, update
from tests.fixtures.read_back_org import Ledger, ReadBack

WILDCARD, DUMMY = "006*", "000000000000000AAA"


@pytest.fixture
def org() -> Org:
    return Org(seed=5, jitter_seconds=0)


@pytest.fixture
def bench(org: Org) -> ReadBack:
    return ReadBack(org)


async def test_13_a_gap_is_never_passed_on_as_if_it_were_data(org: Org, bench: ReadBack) -> None:
    deal = deal_in(org)
    pass_by(org, 60)
    update(org, deal, StageName="Qualification")
    bench.gap("GAP_UPDATE", deal)
    pass_by(org, 60)
    update(org, deal, StageName="Closed Won")
    await bench.hear()
    stages = dict.fromkeys(each.stage for each in entries_of(bench.changes()))
    assert list(stages) == ["Prospecting", "Qualification", "Closed Won"]
    assert not any(each.late for each in entries_of(bench.changes()))
    assert bench.ledger() == Ledger(3, 3, 0, 0)
    assert bench.read == [("gap", 1)]


async def test_13_a_merged_gap_is_read_back_in_one_batch(org: Org, bench: ReadBack) -> None:
    deals = [deal_in(org, f"deal {number}") for number in range(300)]
    pass_by(org, 60)
    with org.transaction(org.admin_id) as tx:
        for deal in deals:
            tx.update("Opportunity", deal, {"StageName": "Closed Won"})
    bench.gap("GAP_UPDATE", *deals)
    await bench.hear()
    assert bench.ledger() == Ledger(600, 600, 0, 0)
    assert bench.rest.calls == 3  # a describe, the deals, their histories


async def test_a_deal_whose_creation_was_a_gap_is_created_in_its_first_stage(
    org: Org, bench: ReadBack
) -> None:
    deal = deal_in(org)
    bench.gap("GAP_CREATE", deal)
    pass_by(org, 60)
    update(org, deal, StageName="Closed Won")
    await bench.hear()
    first = entries_of(bench.changes())[0]
    assert (first.stage, first.created_in_stage) == ("Prospecting", True)
    assert bench.ledger() == Ledger(2, 2, 0, 0)


async def test_deletions_and_returns_that_were_gaps_are_told(org: Org, bench: ReadBack) -> None:
    deal = deal_in(org)
    pass_by(org, 3600)
    with org.transaction(org.admin_id) as tx:
        tx.delete("Opportunity", deal)
    bench.gap("GAP_DELETE", deal)
    await bench.hear()
    assert entries_of(bench.changes())[-1].kind == OPPORTUNITY_DELETED
    pass_by(org, 3600)
    with org.transaction(org.admin_id) as tx:
        tx.undelete("Opportunity", deal)
    bench.gap("GAP_UNDELETE", deal)
    await bench.hear()
    assert OPPORTUNITY_UNDELETED in [each.kind for each in entries_of(bench.changes())]
    assert bench.ledger() == Ledger(3, 3, 0, 0)


async def test_a_gap_of_a_deal_that_is_gone_for_good(org: Org, bench: ReadBack) -> None:
    gone = "006000000000001AAA"
    bench.org.changes.append_gap("Opportunity", [gone], "GAP_DELETE", org.admin_id)
    bench.org.changes.append_gap("Opportunity", [gone], "GAP_UPDATE", org.admin_id)
    await bench.hear()
    assert [each.change_type for each in bench.changes()] == ["GAP_DELETE", "DELETE", "GAP_UPDATE"]
    assert ("gone", 1) in bench.read


@pytest.mark.parametrize(
    ("kind", "name"), [("GAP_OVERFLOW", DUMMY), ("UPDATE", WILDCARD), ("GAP_UPDATE", WILDCARD)]
)
async def test_13_overflow_and_wildcard_read_back_all_that_was_touched(
    org: Org, bench: ReadBack, kind: str, name: str
) -> None:
    old = deal_in(org, "touched long before")
    await bench.hear()
    pass_by(org, 86_400)
    deals = [deal_in(org, f"deal {number}") for number in range(50)]
    await bench.hear()
    pass_by(org, 60)
    with org.transaction(org.admin_id) as tx:
        for deal in deals:
            tx.update("Opportunity", deal, {"StageName": "Closed Won"})
    bench.gap(kind, name)
    pass_by(org, 5)
    update(org, deals[0], StageName="Closed Lost")
    found = await bench.hear()
    assert bench.ledger() == Ledger(102, 102, 0, 0)
    assert old not in {change.record_id for each in found for change in each.changes}
    assert str(org.changes.newest) == bench.place


async def test_killed_in_the_middle_of_an_overflow_it_goes_on_where_it_was(org: Org, bench: ReadBack) -> None:
    deals = [deal_in(org, f"deal {number}") for number in range(60)]
    await bench.hear()
    pass_by(org, 60)
    for deal in deals:
        pass_by(org, 1)
        update(org, deal, StageName="Closed Won")
        bench.lose()
    bench.org.changes.append_gap("Opportunity", [DUMMY], "GAP_OVERFLOW", org.admin_id)
    half = await bench.hear(most=30)
    bench.renew()
    rest = await bench.hear()
    assert bench.ledger() == Ledger(120, 120, 0, 0)
    again = {each.changes[0].id for each in half} & {each.changes[0].id for each in rest if each.changes}
    assert not again
    assert bench.place == str(org.changes.newest)


@pytest.mark.parametrize("number", ["1 older than retention", "2 after an org migration"])
async def test_an_expired_cursor_is_read_back_before_what_is_retained(
    org: Org, bench: ReadBack, number: str
) -> None:
    deals = [deal_in(org, f"deal {each}") for each in range(20)]
    await bench.hear()
    bench.note()
    heard_at = org.clock.now()
    pass_by(org, 80 * 3600)
    for deal in deals[:10]:
        update(org, deal, StageName="Qualification")
        bench.lose()
        pass_by(org, 60)
    bench.inner.forgotten = org.changes.newest
    update(org, deals[0], StageName="Closed Won")
    half = await bench.hear(after_missing(heard_at), most=4)
    bench.renew()
    await bench.hear()
    assert bench.inner.asked[-2:] == [RETAINED_EDGE, RETAINED_EDGE], number
    assert len(half) == 4
    assert bench.ledger() == Ledger(31, 31, 0, 0)
    assert not any(each.late for each in entries_of(bench.changes()))


async def test_pages_bound_what_is_held_and_asked_for(org: Org, bench: ReadBack) -> None:
    with org.transaction(org.admin_id) as tx:
        for number in range(4100):
            tx.create(
                "Opportunity", {"Name": f"{number}", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
            )
    begins = org.clock.now()
    pass_by(org, 86_400)
    for row in list(org.rows("Opportunity"))[:2500]:
        update(org, str(row["Id"]), Name="renamed")
    bench.inner.forgotten = org.changes.newest
    found = await bench.hear(after_missing(begins + timedelta(hours=1)))
    assert len(found) == 2500
    assert bench.read == [("expired position", 2000), ("expired position", 500)]
    assert bench.rest.calls == 4  # a describe, the newest, two pages: no history of what did not move


async def test_a_failure_leaves_the_position_before_the_gap(org: Org, bench: ReadBack) -> None:
    deal = deal_in(org)
    await bench.hear()
    update(org, deal, StageName="Closed Won")
    bench.gap("GAP_UPDATE", deal)
    place = bench.place
    for error in (UnavailableError("down"), RefusedError("no")):
        bench.rest.failures.append(error)
        with pytest.raises(type(error)):
            await bench.hear()
        assert bench.place == place
    await bench.hear()
    assert bench.ledger().lost == 0


async def test_gaps_of_other_objects_ask_nothing(org: Org, bench: ReadBack) -> None:
    org.changes.append_gap("Account", ["001000000000001AAA"], "GAP_UPDATE", org.admin_id)
    await bench.hear()
    assert bench.rest.calls == 0


async def test_18_a_repeated_stage_is_another_entry_when_it_is_read_back(org: Org, bench: ReadBack) -> None:
    deal = deal_in(org)
    for stage in ("Qualification", "Prospecting", "Qualification"):
        pass_by(org, 60)
        update(org, deal, StageName=stage)
        bench.lose()
    bench.org.changes.append_gap("Opportunity", [deal], "GAP_UPDATE", org.admin_id)
    await bench.hear()
    await bench.hear(str(bench.start))
    assert bench.ledger() == Ledger(4, 4, 0, 0)

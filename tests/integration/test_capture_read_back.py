"""A subscriber on real Kafka whose events are missing: what was lost is told, also when killed at it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from connectors.salesforce.simulator.faults import HttpFault
from schemas.change import Change
from schemas.stage import STAGE_ENTERED
from tests.fixtures.capturing import STAGES, Capturing, capturing
from tests.fixtures.kafka import Topics
from tests.fixtures.polled_org import entries_of

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.slow]

_READ_BACK = 40


@pytest.fixture
async def capture(kafka: str, registry: str, topics: Topics, tmp_path: Path) -> AsyncIterator[Capturing]:
    async with capturing(kafka, registry, topics.prefix, tmp_path) as made:
        yield made


def present(capture: Capturing, deals: list[str]) -> set[tuple[str, str]]:
    """Give deals and the stages they are in, as the org has them."""
    rows = {str(row["Id"]): str(row["StageName"]) for row in capture.org.rows("Opportunity")}
    return {(deal, rows[deal]) for deal in deals}


async def told(capture: Capturing, wanted: set[tuple[str, str]]) -> list[Change]:
    """Wait until the wanted entries are told, or give what there is in time."""
    deadline = asyncio.get_running_loop().time() + 30
    while True:
        changes = await asyncio.to_thread(capture.published)
        found = {(one.opportunity_id, one.stage) for one in entries_of(changes)}
        if found >= wanted or asyncio.get_running_loop().time() > deadline:
            return changes
        await asyncio.sleep(0.2)


def facts(changes: list[Change], deals: list[str], wanted: set[tuple[str, str]]) -> dict[str, int]:
    """Give the ledger of these deals: one entry for each is what there must be."""
    ids = {
        one.id: (one.opportunity_id, one.stage)
        for one in entries_of(changes)
        if one.kind == STAGE_ENTERED and one.opportunity_id in deals
    }
    return {
        "sent": len(wanted),
        "published": len(ids),
        "lost": len(wanted - set(ids.values())),
        "doubled": len(ids) - len(set(ids.values())),
    }


def moved_at_random(capture: Capturing, count: int) -> list[str]:
    """Move deals, but for the first one, to a stage in which they are not, once each."""
    chance = Random(20260914)
    rows = {str(row["Id"]): str(row["StageName"]) for row in capture.org.rows("Opportunity")}
    deals = chance.sample(capture.deals()[1:], count)
    for deal in deals:
        capture.move(deal, chance.choice([stage for stage in STAGES if stage != rows[deal]]))
    return deals


async def kill_at_the_reading(capture: Capturing) -> None:
    """Kill the subscriber while the org keeps it waiting for histories, in the middle of its reading."""
    faults = capture.server.faults.http
    for _ in range(600):
        if not any(fault.matches("/composite") for fault in faults):
            break
        await asyncio.sleep(0.05)
    await capture.kill()
    faults.clear()


@pytest.mark.parametrize("kind", ["GAP_UPDATE", "GAP_OVERFLOW"])
async def test_a_gap_is_told_though_the_subscriber_is_killed_while_it_reads(
    capture: Capturing, kind: str
) -> None:
    await capture.start()
    capture.move(capture.deals()[0], "Negotiation/Review")
    await capture.settled()
    selected, capture.org.changes.selected = capture.org.changes.selected, []
    deals = moved_at_random(capture, _READ_BACK)
    capture.org.changes.selected = selected
    wanted = present(capture, deals)
    capture.server.faults.http.append(HttpFault("/composite", delay=timedelta(seconds=5)))
    named = deals if kind == "GAP_UPDATE" else ["000000000000000AAA"]
    capture.org.changes.append_gap("Opportunity", named, kind, capture.org.admin_id)
    await kill_at_the_reading(capture)
    await capture.start()
    changes = await told(capture, wanted)
    assert facts(changes, deals, wanted) == {
        "sent": _READ_BACK, "published": _READ_BACK, "lost": 0, "doubled": 0,
    }  # fmt: skip


async def test_01_02_an_expired_cursor_is_read_back_though_it_is_killed_at_it(capture: Capturing) -> None:
    await capture.start()
    capture.move(capture.deals()[0], "Negotiation/Review")
    await capture.settled()
    await capture.kill()
    deals = moved_at_random(capture, _READ_BACK)
    capture.org.changes.forget_all()
    capture.start_id = capture.org.changes.newest
    wanted = present(capture, deals)
    capture.server.faults.http.append(HttpFault("/composite", delay=timedelta(seconds=5)))
    capture.child.start()
    await kill_at_the_reading(capture)
    await capture.start()
    changes = await told(capture, wanted)
    ledger = facts(changes, deals, wanted)
    assert ledger == {"sent": _READ_BACK, "published": _READ_BACK, "lost": 0, "doubled": 0}
    assert {change.transport for change in changes} == {"cometd", "readback"}
    said = await asyncio.to_thread(capture.metrics)
    assert "dealwire_capture_read_back_total" in said
    assert "events are missing" in capture.log()

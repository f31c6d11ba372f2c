"""Outbound Messages taken by a process, on real Kafka: killed before it could acknowledge, and refused."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from connectors.salesforce.simulator.faults import HttpFault
from connectors.salesforce.simulator.outbound.control import FIELDS
from schemas.stage import STAGE_ENTERED
from tests.fixtures.capturing import STAGES, Capturing, capturing
from tests.fixtures.kafka import Topics
from tests.fixtures.polled_org import changes_of, entries_of, events_since

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.slow]


@pytest.fixture
async def capture(kafka: str, registry: str, topics: Topics, tmp_path: Path) -> AsyncIterator[Capturing]:
    async with capturing(kafka, registry, topics.prefix, tmp_path, source="outbound") as made:
        yield made


async def notified(capture: Capturing, deals: list[str]) -> int:
    return await asyncio.to_thread(capture.notify, deals)


def moved(capture: Capturing) -> set[str]:
    """Give the ids of the entries that change events would have told of."""
    heard = changes_of(list(events_since(capture.org, capture.start_id)))
    return {each.id for each in entries_of(heard) if each.kind == STAGE_ENTERED}


async def told(capture: Capturing) -> set[str]:
    changes = await asyncio.to_thread(capture.published)
    return {each.id for each in entries_of(changes) if each.kind == STAGE_ENTERED}


async def test_what_is_acknowledged_is_in_kafka_and_what_is_killed_before_comes_again(
    capture: Capturing,
) -> None:
    await capture.start()
    chance = Random(20260914)
    for round_ in range(2):
        deals = chance.sample(capture.deals(), 30)
        for deal in deals:
            capture.move(deal, chance.choice(STAGES))
        sending = asyncio.create_task(notified(capture, deals))
        await asyncio.sleep(chance.random() * 0.3)
        await capture.kill()
        await sending
        await capture.start()
        # Salesforce sends what was not acknowledged again, and may send anything twice and out of order.
        later = chance.sample(deals, len(deals))
        assert await notified(capture, later[15:]) == 200
        assert await notified(capture, later) == 200
        assert await told(capture) >= moved(capture), f"round {round_}"
    outcomes = capture.metrics()
    assert 'outcome="acknowledged"' in outcomes


async def test_an_org_that_cannot_be_read_gets_no_acknowledgement(capture: Capturing) -> None:
    await capture.start()
    deal = capture.deals()[0]
    capture.move(deal, "Closed Won")
    capture.server.faults.http.append(HttpFault(path="/services/data/", times=1000, status=503))
    assert await notified(capture, [deal]) == 503
    assert await told(capture) == set()
    capture.server.faults.http.clear()
    assert await notified(capture, [deal]) == 200
    assert await told(capture) >= moved(capture)


async def test_the_org_sends_until_all_is_told_whoever_is_killed(capture: Capturing) -> None:
    capture.org.outbound.define("Stage", f"http://127.0.0.1:{capture.outbound_port}/outbound", FIELDS)
    chance = Random(3)
    await capture.start()
    for deal in chance.sample(capture.deals(), 30):
        capture.move(deal, chance.choice(STAGES))
    await asyncio.sleep(chance.random() * 0.3)
    await capture.kill()
    capture.move(capture.deals()[0], chance.choice(STAGES))  # told when the subscriber is back
    await capture.start()
    async with asyncio.timeout(90):
        while capture.org.outbound.waiting("Stage"):  # noqa: ASYNC110 - the org tells nobody
            await asyncio.sleep(0.2)
    assert await told(capture) >= moved(capture)
    assert capture.org.outbound.dropped == 0

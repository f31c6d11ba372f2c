"""The subscriber as a process that polls, on real Kafka: killed at any moment, refused, changed over."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from connectors.salesforce.simulator.faults import HttpFault
from schemas.stage import STAGE_ENTERED
from tests.fixtures.capturing import STAGES, Capturing, capturing
from tests.fixtures.kafka import Topics
from tests.fixtures.polled_org import changes_of, entries_of, events_since

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.slow]


@pytest.fixture
async def capture(kafka: str, registry: str, topics: Topics, tmp_path: Path) -> AsyncIterator[Capturing]:
    async with capturing(kafka, registry, topics.prefix, tmp_path, source="poll") as made:
        yield made


def truth(capture: Capturing) -> set[str]:
    heard = changes_of(list(events_since(capture.org, capture.start_id)))
    return {each.id for each in entries_of(heard) if each.kind == STAGE_ENTERED}


async def published(capture: Capturing) -> list[str]:
    changes = await asyncio.to_thread(capture.published)
    return [each.id for each in entries_of(changes) if each.kind == STAGE_ENTERED]


async def settled(capture: Capturing, within_s: float = 30) -> list[str]:
    deadline = asyncio.get_running_loop().time() + within_s
    while True:
        found = await published(capture)
        if set(found) >= truth(capture) or asyncio.get_running_loop().time() > deadline:
            return found
        await asyncio.sleep(0.3)


def move_some(capture: Capturing, chance: Random, count: int) -> None:
    for deal in chance.sample(capture.deals(), count):
        capture.move(deal, chance.choice(STAGES))


async def test_killed_at_any_moment_it_tells_every_stage_with_the_id_of_its_change_event(
    capture: Capturing,
) -> None:
    chance = Random(20260914)
    await capture.start()
    for _ in range(4):
        for _ in range(chance.randrange(1, 8)):
            move_some(capture, chance, chance.randrange(1, 12))
            await asyncio.sleep(chance.random() * 0.4)
        await capture.kill()
        # Some of these move twice or more while nobody looks.
        for _ in range(3):
            move_some(capture, chance, chance.randrange(1, 10))
            await asyncio.sleep(chance.random())
        await capture.start()
    move_some(capture, chance, 5)
    found = await settled(capture)
    assert set(found) == truth(capture)
    epochs = [checkpoint.epoch for checkpoint in capture.checkpoints()]
    assert epochs == sorted(epochs)
    print(f"{len(truth(capture))} entries, {len(found)} told, {epochs[-1]} epochs")  # noqa: T201 - the figures


async def test_refused_and_cut_off_it_loses_nothing(capture: Capturing) -> None:
    chance = Random(7)
    await capture.start()
    move_some(capture, chance, 5)
    faults = capture.server.faults.http
    faults.append(HttpFault("/queryAll", times=2, status=503))
    faults.append(HttpFault("/composite", times=1, kill="after"))
    capture.org.sessions.expire_all()
    for _ in range(6):
        move_some(capture, chance, 3)
        await asyncio.sleep(0.2)
    assert set(await settled(capture)) == truth(capture)


async def test_changed_over_from_change_events_nothing_is_missed(capture: Capturing) -> None:
    chance = Random(8)
    capture.hear_by("cometd")
    await capture.start()
    move_some(capture, chance, 10)
    await settled(capture)
    await capture.stop()
    move_some(capture, chance, 10)
    capture.hear_by("poll")
    await capture.start()
    move_some(capture, chance, 5)
    assert set(await settled(capture)) >= truth(capture)
    await capture.stop()
    # And back again.
    move_some(capture, chance, 5)
    capture.hear_by("cometd")
    await capture.start()
    assert set(await settled(capture)) >= truth(capture)

"""The subscriber as a process, on real Kafka, before the simulated org: killed, cut off, refused, late."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from connectors.salesforce.simulator.faults import HttpFault
from schemas.change import Change
from tests.fixtures.capturing import STAGES, Capturing, capturing
from tests.fixtures.kafka import Topics

pytestmark = [pytest.mark.kafka, pytest.mark.registry, pytest.mark.slow]


@pytest.fixture
async def capture(kafka: str, registry: str, topics: Topics, tmp_path: Path) -> AsyncIterator[Capturing]:
    async with capturing(kafka, registry, topics.prefix, tmp_path) as made:
        yield made


def first_occurrences(changes: Sequence[Change]) -> dict[str, list[str]]:
    order: dict[str, list[str]] = {}
    for change in changes:
        seen = order.setdefault(change.record_id, [])
        if change.replay_id not in seen:
            seen.append(change.replay_id)
    return order


def assert_complete(capture: Capturing, found: Sequence[Change]) -> None:
    """Every change is there, in the channel's order per record; what is there twice is the same change."""
    wanted: dict[str, list[str]] = {}
    for record, replay_id in capture.expected():
        wanted.setdefault(record, []).append(replay_id)
    assert first_occurrences(found) == wanted
    ids: dict[tuple[str, str], set[str]] = {}
    for change in found:
        ids.setdefault((change.record_id, change.replay_id), set()).add(change.id)
    assert all(len(same) == 1 for same in ids.values())


def move_some(capture: Capturing, chance: Random, count: int) -> None:
    deals = capture.deals()
    for _ in range(count):
        capture.move(chance.choice(deals), chance.choice(STAGES))


def logged(capture: Capturing, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capture.log().splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("event") == event]


async def test_resumes_exactly_after_kills_at_any_moment(capture: Capturing) -> None:
    chance = Random(20260914)
    for _ in range(5):
        await capture.start()
        for _ in range(chance.randrange(1, 15)):
            move_some(capture, chance, chance.randrange(1, 20))
            await asyncio.sleep(chance.random() * 0.15)
        await capture.kill()
        move_some(capture, chance, chance.randrange(0, 10))
        if chance.random() < 0.3:
            capture.child.start()
            await asyncio.sleep(1 + chance.random() * 2)  # it dies before, while or after it begins
            await capture.kill()
    await capture.start()
    move_some(capture, chance, 5)
    found = await capture.settled()
    assert_complete(capture, found)
    epochs = [checkpoint.epoch for checkpoint in capture.checkpoints()]
    assert epochs == sorted(epochs)
    assert len(set(epochs)) >= 5
    print(f"{len(capture.expected())} changes, {len(found)} published, {epochs[-1]} epochs")  # noqa: T201 - the figures


async def test_a_kill_before_the_first_event_loses_nothing(capture: Capturing) -> None:
    await capture.start()
    await capture.kill()
    move_some(capture, Random(1), 5)
    await capture.start()
    assert_complete(capture, await capture.settled())


async def test_what_is_hidden_and_what_is_left_is_said_at_the_start(capture: Capturing) -> None:
    capture.org.access.hide("Opportunity", "Amount")
    await capture.start()
    (hidden,) = logged(capture, "fields hidden from the integration user")
    assert hidden["fields"] == ["Amount"]
    (surveyed,) = logged(capture, "org surveyed")
    assert "Closed Won" in surveyed["stages"]
    assert surveyed["events_left"] == capture.org.limits.max_delivered_events


async def test_sigterm_leaves_a_checkpoint_after_the_last_event(capture: Capturing) -> None:
    await capture.start()
    move_some(capture, Random(2), 30)
    await capture.settled()
    await capture.stop()
    last = max(capture.checkpoints(), key=lambda each: (each.epoch, each.sequence))
    assert last.replay_id == str(capture.org.changes.newest)
    before = len(capture.published())
    await capture.start()
    move_some(capture, Random(3), 1)
    found = await capture.settled()
    assert len(found) == before + 1


FAULTS = {
    "unknown client": lambda capture: capture.server.cometd.drop_clients(),
    "401": lambda capture: capture.org.sessions.expire_all(),
    "503 HTML": lambda capture: capture.server.faults.http.append(HttpFault("/cometd", times=2, status=503)),
    "cut in the middle": lambda capture: capture.server.faults.http.append(
        HttpFault("/cometd", times=1, kill="after")
    ),
}


@pytest.mark.parametrize("fault", ["unknown client", "401", "503 HTML", "cut in the middle"])
async def test_a_fault_of_the_session_loses_nothing(capture: Capturing, fault: str) -> None:
    chance = Random(6)
    await capture.start()
    move_some(capture, chance, 10)
    FAULTS[fault](capture)
    for _ in range(10):
        move_some(capture, chance, 3)
        await asyncio.sleep(0.1)
    assert_complete(capture, await capture.settled())
    assert logged(capture, "session lost")

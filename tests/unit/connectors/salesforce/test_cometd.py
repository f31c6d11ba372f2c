"""One CometD session: events in their order, positions, advice, a reader that is slow."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from connectors.ports import RETAINED_EDGE
from schemas.errors import GapError
from tests.fixtures.bayeux_server import CHANNEL, event, replied
from tests.fixtures.cometd_bench import Bench, cometd_bench, failure, take


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with cometd_bench() as made:
        yield made


async def test_events_come_in_order_and_a_connect_without_any_is_quiet(bench: Bench) -> None:
    for events in ([event(6), event(7)], [], [event(8)]):
        bench.server.events.put_nowait(events)
    found = await take(bench, 5, "5")
    assert [(each.replay_id, each.quiet) for each in found] == [
        ("", False), ("6", False), ("7", False), ("", True), ("8", False),
    ]  # fmt: skip
    subscribe = next(one for one in bench.server.seen if one["channel"] == "/meta/subscribe")
    assert subscribe["ext"] == {"replay": {CHANNEL: 5}}
    assert bench.server.count("disconnect") == 1


@pytest.mark.parametrize(("position", "sent"), [(None, -1), (RETAINED_EDGE, -2), ("7", 7), ("0", 0)])
async def test_the_position_is_sent_as_cometd_wants_it(bench: Bench, position: str | None, sent: int) -> None:
    (first,) = await take(bench, 1, position)
    subscribe = next(one for one in bench.server.seen if one["channel"] == "/meta/subscribe")
    assert subscribe["ext"]["replay"] == {CHANNEL: sent}
    assert first.quiet is (position is None)


async def test_a_position_of_another_transport_is_a_gap(bench: Bench) -> None:
    assert isinstance(await failure(bench, "AAAAAAAAB4E="), GapError)


async def test_more_events_with_the_subscription_than_may_wait_block_nothing(bench: Bench) -> None:
    many = [event(number) for number in range(10, 6010)]
    bench.server.next("subscribe", lambda _request, message: [*many, replied(message)])
    found = await take(bench, 6001, "5")
    assert [each.replay_id for each in found if each.replay_id] == [str(each) for each in range(10, 6010)]


async def test_a_slow_reader_stops_the_asking(bench: Bench) -> None:
    async with aclosing(bench.source.events("5")) as events:
        await anext(events)
        for start in (10, 3010):
            bench.server.events.put_nowait([event(number) for number in range(start, start + 3000)])
        await anext(events)
        for _ in range(50):
            await asyncio.sleep(0.002)
        assert bench.server.events.qsize() == 1
        for _ in range(3500):
            await anext(events)
        assert bench.server.events.qsize() == 0


async def test_the_interval_is_milliseconds(bench: Bench) -> None:
    bench.server.advice = {"interval": 50, "timeout": 110_000}
    bench.server.events.put_nowait([event(6)])
    async with asyncio.timeout(3):
        assert (await take(bench, 2, "5"))[1].replay_id == "6"


@pytest.mark.parametrize("advice", [None, [], {"interval": "soon", "timeout": None}])
async def test_strange_advice_is_not_followed(bench: Bench, advice: object) -> None:
    bench.server.next("connect", lambda _request, message: [replied(message, advice=advice)])
    bench.server.next("connect", lambda _request, message: [event(6), replied(message)])
    assert (await take(bench, 2, "5"))[1].replay_id == "6"


async def test_an_event_that_cannot_be_read_is_given_with_its_bytes(bench: Bench) -> None:
    bench.server.events.put_nowait([{"channel": CHANNEL, "data": {"event": {"replayId": 6}}}, event(7)])
    _, broken, good = await take(bench, 3, "5")
    assert broken.malformed is not None
    assert (broken.replay_id, good.replay_id) == ("6", "7")

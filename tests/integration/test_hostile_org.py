"""The subscriber before somebody who stands in the org's place and means ill."""

import asyncio

import pytest

from streams.metrics import CAPTURE_OVERSIZED, CAPTURE_RECONNECTS, Metrics
from tests.fixtures.agents import ORG
from tests.fixtures.bayeux_server import FLOOD, Flood, event, replied
from tests.fixtures.cometd_bench import cometd_bench
from tests.fixtures.subscribing import CHANNEL, kept, subscribing


def counted(metrics: Metrics) -> list[float]:
    return [metrics.value(one, org=ORG, channel=CHANNEL) for one in (CAPTURE_OVERSIZED, CAPTURE_RECONNECTS)]


@pytest.mark.parametrize("packed", [False, True])
async def test_an_endless_answer_is_cut_off_counted_and_the_session_opened_again(packed: bool) -> None:
    flood = Flood(packed)
    async with cometd_bench() as bench:
        bench.server.next("connect", lambda _request, message: [event(6), replied(message)], flood)
        bench.server.events.put_nowait([event(7)])
        async with subscribing(bench.source, kept("5")) as running:
            async with asyncio.timeout(20):
                while len(running.kafka.to("salesforce.changes")) < 2:  # noqa: ASYNC110  # asked from outside
                    await asyncio.sleep(0.01)
            assert flood.told < FLOOD, "whoever floods is hung up on"
            assert counted(running.metrics) == [1, 1]
            assert "more than" not in running.subscriber.standing.missing()
            sent = [dict(one.headers)["ce_replayid"] for one in running.kafka.to("salesforce.changes")]
            assert sent == [b"6", b"7"]
    resumed = [
        one["ext"]["replay"][CHANNEL] for one in bench.server.seen if one["channel"] == "/meta/subscribe"
    ]
    assert resumed == [5, 6], "after what was heard before the flood"

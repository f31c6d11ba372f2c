"""What makes the subscriber ready, over HTTP: every subscription holds; by a clock that the test moves."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp

from connectors.ports import Received
from schemas.errors import GapError, UnavailableError
from streams.health import HealthServer
from streams.metrics import CAPTURE_SUBSCRIBED, Metrics
from streams.standing import Standing, lacking
from tests.fixtures.agents import AT, ORG, FakeClock, settle_down
from tests.fixtures.subscribing import CHANNEL, OPENED, Bench, Step, event, kept, quiet, subscribing

LOST = UnavailableError("403::Unknown client", on="somewhere")


class OpenSource:
    """Gives what the test puts in, in one session after another."""

    def __init__(self) -> None:
        self.steps: asyncio.Queue[Step] = asyncio.Queue()

    async def events(self, _resume_after: str | None) -> AsyncGenerator[Received, None]:
        while True:
            step = await self.steps.get()
            if isinstance(step, Exception):
                raise step
            yield step

    async def close(self) -> None:
        pass


@asynccontextmanager
async def serving(*standings: Standing) -> AsyncIterator[str]:
    server = HealthServer("127.0.0.1", 0, Metrics(), live=lambda: True, missing=lambda: lacking(standings))
    port = await server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await server.stop()


async def asked(base: str, path: str = "/ready") -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(base + path) as reply:
        return reply.status, await reply.text()


async def happens(bench: Bench, source: OpenSource, later: timedelta, *steps: Step) -> None:
    bench.clock.at += later
    for step in steps:
        source.steps.put_nowait(step)
    await settle_down()


async def test_a_session_that_is_lost_after_the_start_shows_until_the_next_one_holds() -> None:
    source, minute = OpenSource(), timedelta(minutes=1)
    async with subscribing(source, kept("0")) as bench, serving(bench.subscriber.standing) as base:
        assert await asked(base) == (503, f"{CHANNEL} is not subscribed since 2026-09-14T08:30:12Z\n")
        await happens(bench, source, minute, OPENED)
        await happens(bench, source, minute, event(1))
        assert await asked(base) == (200, "ok\n")

        await happens(bench, source, minute, LOST)
        since = f"{CHANNEL} is not subscribed since 2026-09-14T08:33:12Z"
        assert await asked(base) == (503, f"{since}: 403::Unknown client\n")
        assert bench.metrics.value(CAPTURE_SUBSCRIBED, org=ORG, channel=CHANNEL) == 0
        # Since when does not move with each try; why is what the newest one met.
        await happens(bench, source, minute, UnavailableError("503::Server is too busy"))
        assert await asked(base) == (503, f"{since}: 503::Server is too busy\n")
        await happens(bench, source, minute, GapError("the position is no longer retained"))
        assert await asked(base) == (503, f"{since}: the position is no longer retained\n")
        assert await asked(base, "/live") == (200, "ok\n"), "it is alive and tries again"

        await happens(bench, source, minute, OPENED)
        assert await asked(base) == (200, "ok\n")
        await happens(bench, source, minute, quiet(), LOST)
        assert "since 2026-09-14T08:37:12Z" in (await asked(base))[1]


async def test_a_subscription_is_ready_once_kafka_has_its_first_position() -> None:
    source = OpenSource()
    async with subscribing(source, held=True) as bench, serving(bench.subscriber.standing) as base:
        await happens(bench, source, timedelta(0), event(1))
        assert await asked(base) == (503, f"{CHANNEL} has kept no position yet\n")
        bench.kafka.acknowledge()
        await settle_down()
        assert await asked(base) == (200, "ok\n")


async def test_only_what_does_not_hold_is_named() -> None:
    clock = FakeClock()
    good, bad = Standing("/data/Good", clock), Standing("/data/Bad", clock)
    for each in (good, bad):
        each.is_subscribed = each.has_kept = True
    async with serving(good, bad) as base:
        assert await asked(base) == (200, "ok\n")
        clock.at += timedelta(seconds=3)
        bad.lost(LOST)
        told = "/data/Bad is not subscribed since 2026-09-14T08:30:15Z: 403::Unknown client\n"
        assert await asked(base) == (503, told)


async def test_before_any_subscription_it_is_not_ready() -> None:
    async with serving() as base:
        assert await asked(base) == (503, "there is no session with the org yet\n")
        assert await asked(base, "/live") == (200, "ok\n")


def test_one_that_never_opened_counts_from_the_start() -> None:
    clock = FakeClock()
    standing = Standing(CHANNEL, clock)
    clock.at += timedelta(hours=30)
    standing.lost(LOST)
    assert f"since {AT:%Y-%m-%dT%H:%M:%SZ}: 403" in standing.missing()

"""What a worker says of itself over HTTP."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from schemas.errors import ConfigurationError
from streams.health import HealthServer
from streams.metrics import RETRIES, Metrics


class Worker:
    live = True
    missing: tuple[str, ...] = ("/data/A is not subscribed", "/data/B has kept no position yet")


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
async def base(worker: Worker) -> AsyncIterator[str]:
    metrics = Metrics()
    metrics.add(RETRIES, agent="probe")
    server = HealthServer("127.0.0.1", 0, metrics, live=lambda: worker.live, missing=lambda: worker.missing)
    yield f"http://127.0.0.1:{await server.start()}"
    await server.stop()


async def _get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        return reply.status, await reply.text()


async def test_answers_as_it_is(base: str, worker: Worker) -> None:
    assert await _get(f"{base}/live") == (200, "ok\n")
    assert await _get(f"{base}/ready") == (
        503,
        "/data/A is not subscribed\n/data/B has kept no position yet\n",
    )
    worker.missing = ()
    assert await _get(f"{base}/ready") == (200, "ok\n")


async def test_shows_its_metrics(base: str) -> None:
    status, text = await _get(f"{base}/metrics")
    assert status == 200
    assert 'dealwire_retries_total{agent="probe"} 1' in text


async def test_a_taken_port_is_named(base: str) -> None:
    port = int(base.rpartition(":")[2])
    second = HealthServer("127.0.0.1", port, Metrics(), live=lambda: True, missing=lambda: ())
    with pytest.raises(ConfigurationError, match=str(port)):
        await second.start()

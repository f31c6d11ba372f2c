"""The worker around the agents: it ends in good order when asked, and by itself when it must."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from connectors.kafka.admin import TopicAdmin
from connectors.kafka.delivery import Delivery
from connectors.kafka.pulse import Pulse
from connectors.ports import SystemClock
from schemas.errors import BrokenInvariantError, ConfigurationError, ExitCode
from streams.app import Surroundings
from streams.catalogue import LiveCatalogue
from streams.metrics import COMMITTED_LAG, Metrics
from streams.outbox import Outbox
from streams.parking import Parking
from streams.settings import Settings, WorkerConfig
from streams.topics import must_be_there
from streams.worker import Worker
from tests.fixtures.running import create_topics, kafka_config, known_records

pytestmark = pytest.mark.kafka


class Started:
    """A worker in this process, and its strings."""

    def __init__(self, around: Surroundings, failed: "asyncio.Future[None]") -> None:
        self.metrics = around.metrics
        self.failed = failed
        self.stop = asyncio.Event()
        self.worker = Worker(around, ["transitions"], Pulse(30), failed)
        self.running = asyncio.create_task(self.worker.run(self.stop))

    async def ready(self) -> None:
        async with asyncio.timeout(30):
            while not self.worker.ready:  # noqa: ASYNC110  # asked from outside, as a probe asks
                await asyncio.sleep(0.05)


@pytest.fixture
async def started(kafka: str, tmp_path: Path) -> AsyncIterator[Started]:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(config)
    records = await known_records(config)
    delivery = Delivery(config)
    await delivery.start()
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def lookup_of(_org: str) -> None:
        return None

    catalogue, parking = LiveCatalogue(config, records), Parking(config)
    around = Surroundings(
        settings=Settings(kafka=config, worker=WorkerConfig(data_dir=tmp_path)),
        outbox=Outbox(config, records, delivery),
        metrics=Metrics(),
        clock=SystemClock(),
        on_lost=failed.set_exception,
        catalogue=catalogue,
        parking=parking,
        lookup_of=lookup_of,
    )
    started = Started(around, failed)
    yield started
    started.stop.set()
    await started.running
    await catalogue.stop()
    await parking.stop()
    await delivery.stop()


async def test_stops_in_good_order_when_asked(started: Started) -> None:
    await started.ready()
    assert started.metrics.value(COMMITTED_LAG, agent="transitions") == 0
    started.stop.set()
    async with asyncio.timeout(15):
        assert await started.running is ExitCode.OK


async def test_ends_itself_after_a_lost_delivery(started: Started) -> None:
    await started.ready()
    started.failed.set_exception(BrokenInvariantError("a delivery was lost"))
    async with asyncio.timeout(15):
        assert await started.running is ExitCode.TEMPORARY
    assert not started.worker.ready


def test_says_which_topics_are_missing(kafka: str) -> None:
    config = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    with pytest.raises(ConfigurationError, match=r"salesforce\.changes") as raised:
        must_be_there(TopicAdmin(config), config)
    assert "dealwire topics apply" in str(raised.value)

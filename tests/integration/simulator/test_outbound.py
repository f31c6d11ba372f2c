"""The simulated org posts its Outbound Messages to our receiver, over HTTP, until they are acknowledged."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from connectors.salesforce.outbound.config import OutboundConfig
from connectors.salesforce.outbound.receiver import Receiver
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.outbound.control import FIELDS
from connectors.salesforce.simulator.outbound.sender import Sender
from schemas.errors import UnavailableError
from tests.fixtures.polled_org import deal_in


class Kafka:
    """Takes what is published; or is away."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.is_away = False

    async def publish(self, ids: Sequence[str]) -> None:
        if self.is_away:
            raise UnavailableError("Kafka is away")
        self.taken += ids


@pytest.fixture
def org() -> Org:
    return Org(jitter_seconds=0)


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


@pytest.fixture
async def receiver(org: Org, kafka: Kafka) -> AsyncIterator[list[str]]:
    outcomes: list[str] = []
    receiver = Receiver(OutboundConfig(port=0), org.org_id, kafka.publish, outcomes.append)
    port = await receiver.start()
    org.outbound.define("Stage", f"http://127.0.0.1:{port}/outbound", FIELDS)
    yield outcomes
    await receiver.stop()


async def test_a_message_is_posted_until_it_is_acknowledged(
    org: Org, kafka: Kafka, receiver: list[str]
) -> None:
    sender, deals = Sender(org), [deal_in(org) for _ in range(150)]
    kafka.is_away = True
    assert await sender.send_due() == 0
    assert await sender.send_due() == 0
    assert (receiver, kafka.taken) == (["put off"] * 2, [])
    org.clock.advance(timedelta(seconds=5))
    kafka.is_away = False
    assert await sender.send_due() == 2
    assert (kafka.taken, org.outbound.waiting("Stage")) == (deals, 0)
    assert receiver[2:] == ["acknowledged"] * 2


async def test_twice_and_out_of_order(org: Org, kafka: Kafka, receiver: list[str]) -> None:
    sender, deals = Sender(org), [deal_in(org) for _ in range(3)]
    org.outbound.twice, org.outbound.out_of_order = 1, True
    for _ in range(3):
        await sender.send_due()
    assert kafka.taken == deals[::-1] * 2
    assert receiver == ["acknowledged"] * 2


async def test_nobody_listens(org: Org) -> None:
    org.outbound.define("Stage", "http://127.0.0.1:9/outbound", FIELDS)
    deal_in(org)
    assert await Sender(org).send_due() == 0
    assert org.outbound.waiting("Stage") == 1

"""The receiver over a socket: what is acknowledged, put off and refused."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from io import BytesIO
from ipaddress import ip_network

import aiohttp
import pytest

from connectors.salesforce.outbound.config import OutboundConfig
from connectors.salesforce.outbound.receiver import Receiver
from schemas.errors import RefusedError, UnavailableError
from tests.fixtures.outbound import DEAL, ORG, message


class Endpoint:
    """A receiver whose Kafka is `error`, or takes everything once `open` is set."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.outcomes: list[str] = []
        self.error: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.receivers: list[Receiver] = []

    async def publish(self, ids: Sequence[str]) -> None:
        await self.open.wait()
        if self.error is not None:
            raise self.error
        self.taken += ids

    async def send(self, body: bytes, config: OutboundConfig | None = None) -> tuple[int, str]:
        receiver = Receiver(config or OutboundConfig(port=0), ORG, self.publish, self.outcomes.append)
        self.receivers.append(receiver)
        port = await receiver.start()
        url = f"http://127.0.0.1:{port}/outbound"
        async with aiohttp.ClientSession() as session, session.post(url, data=BytesIO(body)) as reply:
            return reply.status, await reply.text()


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    made = Endpoint()
    yield made
    for each in made.receivers:
        await each.stop()


async def test_what_kafka_has_is_acknowledged(endpoint: Endpoint) -> None:
    status, text = await endpoint.send(message([DEAL]))
    assert (status, endpoint.taken, endpoint.outcomes) == (200, [DEAL], ["acknowledged"])
    assert '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>' in text


@pytest.mark.parametrize("error", [UnavailableError("kafka is away"), RefusedError("no access")])
async def test_what_kafka_has_not_is_not_acknowledged_and_no_word_of_us_gets_out(
    endpoint: Endpoint, error: Exception
) -> None:
    endpoint.error = error
    status, text = await endpoint.send(message([DEAL]))
    assert (status, endpoint.outcomes) == (503, ["put off"])
    assert "Ack" not in text
    assert str(error) not in text


async def test_kafka_that_does_not_answer_in_time_is_no_acknowledgement(endpoint: Endpoint) -> None:
    endpoint.open.clear()
    status, text = await endpoint.send(message([DEAL]), OutboundConfig(port=0, answer_within_seconds=0.05))
    assert (status, endpoint.taken, "Ack" in text) == (503, [], False)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (message([DEAL], org="00D000000000002EAA"), 500, "not the org"),
        (b'{"deal": 1}', 500, "not XML"),
        (b"x" * 10_000_000, 413, "larger than"),
    ],
)
async def test_bad_input_is_refused_with_a_fault_that_says_why(
    endpoint: Endpoint, body: bytes, status: int, said: str
) -> None:
    found, text = await endpoint.send(body)
    assert (found, endpoint.taken, endpoint.outcomes) == (status, [], ["refused"])
    assert "soapenv:Client" in text
    assert said in text


async def test_only_networks_of_the_settings_may_send(endpoint: Endpoint) -> None:
    status, _ = await endpoint.send(
        message([DEAL]), OutboundConfig(port=0, senders=(ip_network("192.0.2.0/24"),))
    )
    assert (status, endpoint.taken) == (403, [])

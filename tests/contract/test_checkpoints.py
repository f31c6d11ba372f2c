"""Every keeper of positions, held to one suite."""

from collections.abc import AsyncIterator

import pytest

from connectors.kafka.checkpoints import KafkaCheckpoints, MemoryCheckpoints
from connectors.kafka.config import KafkaConfig
from connectors.kafka.producer import Producer
from connectors.ports import Checkpoints
from processors.checkpointing import holding
from schemas.change import Checkpoint
from tests.fixtures.running import known_records

ORG, OTHER = "00D000000000001EAA", "00D000000000002EAA"


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
async def checkpoints(request: pytest.FixtureRequest) -> AsyncIterator[Checkpoints]:
    if request.param == "memory":
        yield MemoryCheckpoints()
        return
    topics = request.getfixturevalue("topics")
    topics.create("salesforce.checkpoints", config={"cleanup.policy": "compact"})
    config = KafkaConfig(bootstrap_servers=topics.bootstrap_servers, topic_prefix=topics.prefix)
    producer = Producer(config)
    yield KafkaCheckpoints(config, producer, await known_records(config))
    await producer.close()


def checkpoint(org: str, channel: str, epoch: int, sequence: int) -> Checkpoint:
    return Checkpoint(
        id=f"{org}{channel}{epoch}.{sequence}", org_id=org, channel=channel, epoch=epoch, sequence=sequence
    )


async def test_nothing_is_kept_of_a_subscription_that_is_new(checkpoints: Checkpoints) -> None:
    assert list(await checkpoints.kept(ORG, "/data/A")) == []


async def test_the_one_that_holds_is_found_whoever_wrote_last(checkpoints: Checkpoints) -> None:
    for epoch, sequence in ((1, 5), (2, 0), (1, 6)):
        await checkpoints.write(checkpoint(ORG, "/data/A", epoch, sequence))
    assert holding(await checkpoints.kept(ORG, "/data/A")) == checkpoint(ORG, "/data/A", 2, 0)


async def test_orgs_and_channels_are_kept_apart(checkpoints: Checkpoints) -> None:
    for org, channel in ((ORG, "/data/A"), (ORG, "/data/B"), (OTHER, "/data/A")):
        await checkpoints.write(checkpoint(org, channel, 1, 1))
    assert list(await checkpoints.kept(ORG, "/data/B")) == [checkpoint(ORG, "/data/B", 1, 1)]

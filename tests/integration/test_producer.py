"""The producer on real Kafka: order, headers, partitions, what it refuses, what it waits for."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest
from aiokafka.partitioner import DefaultPartitioner

from connectors.kafka.broker.kafka import KafkaCluster
from connectors.kafka.config import KafkaConfig
from connectors.kafka.producer import Producer
from connectors.kafka.scan import scan
from schemas.errors import RefusedError, UnavailableError
from tests.fixtures.kafka import Topics

pytestmark = pytest.mark.kafka
PARTITIONS = 7


@pytest.fixture
async def producer(kafka: str) -> AsyncIterator[Producer]:
    made = Producer(KafkaConfig(bootstrap_servers=kafka))
    yield made
    await made.close()


async def test_records_keep_their_order_and_headers(kafka: str, topics: Topics, producer: Producer) -> None:
    topic = topics.create("ordered", partitions=3)
    sent = [
        await producer.send(
            topic, f"key-{number % 5}".encode(), str(number).encode(), [("n", b"1"), ("m", b"")]
        )
        for number in range(5000)
    ]
    await asyncio.gather(*sent)
    by_key: dict[bytes, list[int]] = defaultdict(list)
    for batch in await asyncio.to_thread(lambda: list(scan(KafkaConfig(bootstrap_servers=kafka), topic))):
        for message in batch:
            by_key[message.key].append(int(message.value or b""))
            assert message.headers == (("n", b"1"), ("m", b""))
    assert by_key == {f"key-{key}".encode(): list(range(key, 5000, 5)) for key in range(5)}


async def test_keys_go_where_faust_and_java_put_them(kafka: str, topics: Topics, producer: Producer) -> None:
    topic = topics.create("partitioned", partitions=PARTITIONS)
    keys = [f"00D5g000000Jm5XEAS:006{number:012d}AAA".encode() for number in range(10_000)]
    await asyncio.gather(*[await producer.send(topic, key, b"") for key in keys])
    every = list(range(PARTITIONS))
    java_like = DefaultPartitioner()
    for batch in await asyncio.to_thread(lambda: list(scan(KafkaConfig(bootstrap_servers=kafka), topic))):
        for message in batch:
            assert message.partition == java_like(message.key, every, every)


async def test_a_record_that_is_too_large_is_refused(topics: Topics, producer: Producer) -> None:
    topic = topics.create("small", config={"max.message.bytes": "1000"})
    with pytest.raises(RefusedError):
        await producer.send(topic, b"k", b"x" * 6_000_000)
    incompressible = bytes(hash((number, 7)) % 251 for number in range(100_000))
    with pytest.raises(RefusedError):
        await (await producer.send(topic, b"k", incompressible))


async def test_what_kafka_does_not_take_in_time_is_told_at_the_end() -> None:
    producer = Producer(KafkaConfig(bootstrap_servers="127.0.0.1:1"))
    await producer.send("nowhere", b"k", b"v")
    with pytest.raises(UnavailableError, match="1 records are not acknowledged"):
        await producer.close(timeout_seconds=0.2)


async def test_a_cluster_that_goes_away_and_comes_back_loses_nothing(kafka_cluster: KafkaCluster) -> None:
    topics = Topics(kafka_cluster.bootstrap_servers)
    topic = topics.create("survives", partitions=3, replication=3, config={"min.insync.replicas": "2"})
    config = KafkaConfig(bootstrap_servers=kafka_cluster.bootstrap_servers)
    producer = Producer(config)
    sent = []
    for number in range(6000):
        sent.append(await producer.send(topic, b"k%d" % (number % 9), b"%d" % number))
        if number == 2000:
            await asyncio.to_thread(kafka_cluster.kill, 1)
        if number % 100 == 0:
            await asyncio.sleep(0.01)
    try:
        async with asyncio.timeout(60):
            await asyncio.gather(*sent)
    finally:
        await asyncio.to_thread(kafka_cluster.restart, 1)
        await producer.close()
    by_key: dict[bytes, list[int]] = defaultdict(list)
    for batch in await asyncio.to_thread(lambda: list(scan(config, topic))):
        for message in batch:
            by_key[message.key].append(int(message.value or b""))
    assert by_key == {b"k%d" % key: list(range(key, 6000, 9)) for key in range(9)}

"""The same key goes into the same partition whoever writes it: librdkafka's murmur2 and aiokafka's."""

import random

import pytest
from aiokafka.partitioner import DefaultPartitioner
from confluent_kafka import Message, Producer

from tests.fixtures.kafka import Topics

KEYS = 10_000
PARTITIONS = 24


@pytest.mark.kafka
def test_ten_thousand_keys_agree(topics: Topics) -> None:
    chance = random.Random(24)
    keys = [f"00D{chance.randrange(10**12):012d}AAA:006{number:012d}AAA" for number in range(KEYS - 2)]
    keys += ["ä", "x" * 1000]
    producer = Producer({"bootstrap.servers": topics.bootstrap_servers, "partitioner": "murmur2_random"})
    topic = topics.create("keys", partitions=PARTITIONS)
    placed: dict[str, int] = {}

    def on_delivery(error: object, message: Message) -> None:
        key, partition = message.key(), message.partition()
        assert error is None
        assert isinstance(key, bytes)
        assert partition is not None
        placed[key.decode()] = partition

    for key in keys:
        producer.produce(topic, key=key.encode(), on_delivery=on_delivery)
        producer.poll(0)
    assert producer.flush(30) == 0
    everywhere = list(range(PARTITIONS))
    ours = {key: DefaultPartitioner()(key.encode(), everywhere, everywhere) for key in keys}
    assert placed == ours
    assert set(ours.values()) == set(everywhere)

"""A topic read page by page on a real Kafka: each record once, in order per partition, from any place on."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from confluent_kafka import Producer

from connectors.kafka.config import KafkaConfig
from connectors.kafka.pages import Places, page, places_at
from tests.fixtures.running import PARTITIONS, create_topics, kafka_config

pytestmark = pytest.mark.kafka

TOPIC = "audit"
START = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
COUNT = 60


def millis(number: int) -> int:
    return int((START + timedelta(minutes=number)).timestamp() * 1000)


@pytest.fixture
def config(kafka: str) -> KafkaConfig:
    """Give a topic whose record n was written n minutes after the first, in a partition by turns."""
    made = kafka_config(kafka, f"t{uuid4().hex[:8]}.")
    create_topics(made)
    producer = Producer(made.librdkafka())
    for number in range(COUNT):
        producer.produce(
            made.topic(TOPIC), b"%d" % number, partition=number % 3, timestamp=millis(number)
        )  # one partition has none
    assert producer.flush(30) == 0
    return made


def told(config: KafkaConfig, places: Places, count: int) -> list[int]:
    """Give the numbers of all pages from there on."""
    assert PARTITIONS > 3
    found: list[int] = []
    more = True
    while more:
        some = page(config, TOPIC, places, count)
        found += [int(message.value or b"") for message in some.messages]
        assert len(some.messages) <= count
        places, more = some.after, some.more
    return found


@pytest.mark.parametrize("count", [1, 7, 20, 60, 1000])
def test_pages_join_in_the_order_of_time(config: KafkaConfig, count: int) -> None:
    assert told(config, {}, count) == list(range(COUNT))


def test_who_took_only_some_goes_on_after_them(config: KafkaConfig) -> None:
    some = page(config, TOPIC, {}, 10)
    assert told(config, some.upto(4), 10) == list(range(4, COUNT))
    assert told(config, some.upto(0), 10) == list(range(COUNT))


def test_from_a_moment_on(config: KafkaConfig) -> None:
    places = places_at(config, TOPIC, START + timedelta(minutes=41))
    assert told(config, places, 5) == list(range(41, COUNT))
    late = places_at(config, TOPIC, START + timedelta(days=1))
    assert told(config, late, 5) == []


def test_places_that_there_are_not(config: KafkaConfig) -> None:
    assert told(config, {0: 10**17, 1: 10**17, 2: 19, 77: 1}, 5) == [59]

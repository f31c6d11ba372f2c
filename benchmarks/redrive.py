"""How fast dead letters go back in order: `python -m benchmarks redrive`, on real Kafka.

The baseline is a plain copy of the same records by confluent-kafka, which marks nothing: once before the
redrive and once after it, so that whatever else the machine does falls on both.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from confluent_kafka import Producer

from benchmarks.agent_work import body, config_of, create_topics
from connectors.kafka.broker.kafka import KafkaCluster
from connectors.kafka.config import KafkaConfig
from connectors.kafka.delivery import Delivery
from connectors.kafka.scan import scan
from connectors.ports import SystemClock
from processors.dead_letters import Filter, redrive
from schemas.dead_letter import TOPIC, Letter
from schemas.errors import UnreadableError
from streams.dead_letters import headers
from streams.job import Origin
from streams.letters import board
from streams.redrive import Redriver

_INBOX = "workflow.inbox"
_COPIES = "salesforce.changes"
_MOST_QUEUED = 50_000
T = TypeVar("T")
_AT = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)


def measure(folder: Path, *, letters: int = 100_000, keys: int = 2000) -> dict[str, Any]:
    """Set so many records of 800 bytes aside, send them back, and look at the order of each key."""
    with KafkaCluster(folder) as cluster:
        config = config_of(cluster.bootstrap_servers, "redrive")
        create_topics(config, (TOPIC, _INBOX, _COPIES))
        _set_aside(config, letters, keys)
        copied = [_timed(lambda: _copy(config, letters))[0]]
        reading, planned = _timed(lambda: _planned(config))
        sending, _ = _timed(lambda: asyncio.run(_send_back(config, planned)))
        copied.append(_timed(lambda: _copy(config, letters))[0])
        disordered, left = _out_of_order(config, letters, keys), len(board(config).in_order())
    copying = sum(copied) / len(copied)
    return {
        "letters go back": {
            "letters": letters,
            "keys": keys,
            "listed and planned, s": round(reading, 1),
            "sent back and marked, s": round(sending, 1),
            "letters/s": round(letters / sending),
            "plain copy, records/s": round(letters / copying),
            "ours takes": f"{sending / copying:.1f}x",
        },
        "keys out of order": disordered,
        "letters left aside": left,
        "plain copy before and after, s": " and ".join(f"{each:.1f}" for each in copied),
    }


def _set_aside(config: KafkaConfig, count: int, keys: int) -> None:
    """Write letters as the agent `workflow` would: number n is of key n modulo `keys`."""
    producer = Producer({**config.librdkafka(), "partitioner": "murmur2_random", "linger.ms": 20})
    for number in range(count):
        aside = headers(
            [("ce_id", b"r%d" % number)],
            Origin(config.topic(_INBOX), 0, number, _AT),
            UnreadableError("the amount is missing" if number < keys else "parked"),
            agent="workflow",
            at=_AT,
            holds=True,
        )
        value = b"%d " % number + body(number)
        producer.produce(config.topic(TOPIC), value, f"key-{number % keys}", headers=list(aside))
        producer.poll(0.1 if len(producer) > _MOST_QUEUED else 0)
    assert producer.flush(60) == 0


def _copy(config: KafkaConfig, count: int) -> None:
    producer = Producer({**config.librdkafka(), "enable.idempotence": True, "partitioner": "murmur2_random"})
    left = count
    for batch in scan(config, TOPIC):
        for message in batch:
            if left and message.value:
                left -= 1
                producer.produce(
                    config.topic(_COPIES), message.value, message.key, headers=list(message.headers)
                )
        producer.poll(0.1 if len(producer) > _MOST_QUEUED else 0)
        if not left:
            break
    assert producer.flush(60) == 0


def _planned(config: KafkaConfig) -> Sequence[Letter]:
    return redrive(board(config).in_order(), Filter().means, topics={config.topic(_INBOX)}).letters


async def _send_back(config: KafkaConfig, letters: Sequence[Letter]) -> None:
    delivery = Delivery(config)
    await delivery.start()
    try:
        await Redriver(config, delivery, clock=SystemClock(), actor="benchmark").redrive(letters)
    finally:
        await delivery.stop()


def _out_of_order(config: KafkaConfig, count: int, keys: int) -> int:
    """Count the keys whose records do not lie as they first came, each once."""
    found: dict[bytes, list[int]] = {}
    for batch in scan(config, _INBOX):
        for message in batch:
            found.setdefault(message.key, []).append(int((message.value or b"").split(b" ")[0]))
    return sum(found.get(b"key-%d" % key) != list(range(key, count, keys)) for key in range(keys))


def _timed(do: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    given = do()
    return time.perf_counter() - began, given

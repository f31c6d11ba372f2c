"""What the envelope costs: the same work done four ways, each in a process of its own, on one real broker.

A record is a change of about 1 KB; the work is to decode it, write one table entry and send one stage entry.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from benchmarks.agent_work import body, config_of, create_topics, known_records
from connectors.kafka.broker.kafka import KafkaCluster
from schemas.change import Change

VARIANTS = {
    "idiomatic Faust, nothing awaited (loses records)": ("idiomatic", 20_000),
    "Faust, each record awaited": ("awaited", 500),
    "Faust, each record awaited, nothing lingers": ("awaited-at-once", 1_000),
    "our envelope": ("envelope", 20_000),
    "bare confluent-kafka loop": ("bare", 20_000),
}
_KEYS = 20_000
_WITHIN_S = 180


def measure(folder: Path) -> dict[str, Any]:
    """Run every variant on records of its own, and give records a second and CPU per record of each."""
    with KafkaCluster(folder) as cluster:
        found = {
            name: _run(cluster.bootstrap_servers, variant, count)
            for name, (variant, count) in VARIANTS.items()
        }
    ours = found["our envelope"]["records/s"]
    for result in found.values():
        result["ours is"] = f"{ours / result['records/s']:.2f}x"
    return found


def _run(bootstrap_servers: str, variant: str, count: int) -> dict[str, Any]:
    config = config_of(bootstrap_servers, variant)
    create_topics(config)
    records = asyncio.run(known_records(config))
    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "acks": "all",
            "partitioner": "murmur2_random",
            "queue.buffering.max.messages": count,
        }
    )
    for number in range(count):
        opportunity = f"006{number % _KEYS:012d}AAA"
        change = Change(
            id=f"change-{number}",
            org_id="00D000000000001AAA",
            entity="Opportunity",
            record_id=opportunity,
            change_type="UPDATE",
            body=body(number),
        )
        key = f"00D000000000001AAA:{opportunity}"
        producer.produce(config.topic("salesforce.changes"), key=key, value=records.encode(change))
    producer.flush()
    done = subprocess.run(  # noqa: S603  # our own script
        [sys.executable, "-m", "benchmarks.agent_variants", variant, bootstrap_servers, str(count)],
        capture_output=True,
        text=True,
        check=True,
        timeout=_WITHIN_S,
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as temporary:
        print(json.dumps(measure(Path(temporary)), indent=2))

"""What pending timers cost the records of a real worker: `python -m benchmarks waiting`, on real Kafka.

Two workers run at once, one with approvals that wait for people, each with its deadline and reminder, and one
with none (the baseline). Deals enter their stage at both in turns; what is timed is until the
worker asks for the rest of the deal.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, cast

from confluent_kafka import Consumer, Producer, TopicPartition

from benchmarks.agent_work import PARTITIONS, config_of, create_topics, known_records
from benchmarks.engine import EXAMPLES, inputs
from benchmarks.waiting_worker import EXAMPLE
from connectors.kafka.broker.kafka import KafkaCluster
from processors.applying import plan
from processors.catalogue import Catalogue
from processors.lint_library import library
from processors.sample import DEAL
from processors.sample_trial import entry_of
from schemas.control import ControlRecord
from schemas.deal import EnrichmentRequest
from schemas.definition.documents import Workflow
from schemas.ids import record_key
from schemas.run import DealRuns, Status
from streams.agents.workflow import INPUTS
from streams.control import write
from streams.definitions import read
from streams.job import expect

_TOPICS = (
    *INPUTS,
    "enrichment.requests",
    "workflow.events",
    "dead-letters",
    "workflow-runs-changelog",
    "control",
)
_STAGES, _REQUESTS = "opportunity.stages", "enrichment.requests"
_MOST_QUEUED = 20_000
_WARM = 20
"""Records before the ones that count."""
_WITHIN_S = 600.0
_RECORD_WITHIN_S = 30.0


def measure(folder: Path, *, pending: int = 100_000, records: int = 500) -> dict[str, Any]:
    """Let one worker have so many timers and another none, and give both the same records in turns."""
    with (
        KafkaCluster(folder) as cluster,
        _Variant(cluster, "none", 0) as none,
        _Variant(cluster, "many", pending) as many,
    ):
        took: dict[str, list[float]] = {"none": [], "many": []}
        for number in range(-_WARM, records):
            for name, variant in (("none", none), ("many", many)):
                seconds = variant.seconds_of_a_record(number + _WARM)
                if number >= 0:
                    took[name].append(seconds)
        rows = {
            "nothing pending": _row(0, none, took["none"]),
            f"{many.timers:,} timers pending": _row(many.deals, many, took["many"]),
        }
    ratio = statistics.median(took["many"]) / statistics.median(took["none"])
    return {**rows, "records of each": records, "ratio of medians": f"{ratio:.2f}x"}


def _row(deals: int, variant: "_Variant", took: list[float]) -> dict[str, Any]:
    cuts = statistics.quantiles(took, n=100)
    return {
        "deals waiting": deals,
        "ms to the request it causes, p50": round(cuts[49] * 1000, 1),
        "p99": round(cuts[98] * 1000, 1),
        **variant.told,
    }


class _Variant:
    """A worker on topics of its own, and its only client."""

    def __init__(self, cluster: KafkaCluster, name: str, pending: int) -> None:
        self._servers, self._name = cluster.bootstrap_servers, name
        self._config = config_of(self._servers, name)
        self._records = asyncio.run(known_records(self._config))
        self._producer = Producer({**self._config.librdkafka(), "partitioner": "murmur2_random"})
        self._consumer = Consumer(
            {**self._config.librdkafka(), "group.id": f"{name}.benchmark", "fetch.wait.max.ms": 10}
        )
        create_topics(self._config, _TOPICS)
        write(self._config, self._records, _applied())
        self._stage = _stage()
        held = _waiting_for_a_person()
        each = len(DealRuns.model_validate_json(held).timers())
        self.deals = -(-pending // each)
        self.timers = self.deals * each
        self.told: dict[str, Any] = {}
        self._fill(held)

    def __enter__(self) -> Self:
        """Start the worker, and wait until it has its timers."""
        self._worker = subprocess.Popen(  # noqa: S603  # our own script
            [sys.executable, "-m", "benchmarks.waiting_worker", self._name, self._servers, str(self.timers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._worker.stdout is not None
        self.told = json.loads(next(line for line in self._worker.stdout if line.startswith("{")))
        topic = self._config.topic(_REQUESTS)
        self._consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
        return self

    def __exit__(self, *_error: object) -> None:
        """End it."""
        self._worker.communicate(timeout=_WITHIN_S)
        self._consumer.close()

    def seconds_of_a_record(self, number: int) -> float:
        """Let a further deal enter its stage, and give the seconds until the rest of it is asked for."""
        opportunity = f"006Z{number:011d}AAA"
        deal = DEAL.model_copy(update={"opportunity_id": opportunity})
        entry = entry_of(deal, self._stage, datetime.now(UTC))
        key = record_key(deal.org_id, opportunity)
        began = time.perf_counter()
        self._producer.produce(self._config.topic(_STAGES), self._records.encode(entry), key)
        self._producer.flush()
        while True:
            message = self._consumer.poll(_RECORD_WITHIN_S)
            assert message is not None, f"nothing came of {opportunity}"
            # Requests are keyed by their org, so that they share calls: who it is about stands inside.
            asked = self._records.decode_known(cast("bytes", message.value()))
            if expect(asked, EnrichmentRequest).opportunity_id == opportunity:
                return time.perf_counter() - began

    def _fill(self, held: bytes) -> None:
        """Write the state of each waiting deal as its worker would have."""
        theirs = DEAL.opportunity_id.encode()
        for number in range(self.deals):
            opportunity = f"006{number:012d}AAA"
            self._producer.produce(
                self._config.changelog("workflow", "runs"),
                held.replace(theirs, opportunity.encode()),
                record_key(DEAL.org_id, opportunity),
            )
            self._producer.poll(0.1 if len(self._producer) > _MOST_QUEUED else 0)
        assert self._producer.flush(_WITHIN_S) == 0


def _waiting_for_a_person() -> bytes:
    """Give the state of a deal whose approval is asked for, due in times to come."""
    for held, _ in inputs(EXAMPLE)[1]:
        state = DealRuns.model_validate_json(held or b"{}")
        if any(run.status is Status.WAITING_PERSON for run in state.runs.values()):
            return (held or b"").replace(b'"due":"2026', b'"due":"2099')
    raise AssertionError(f"nobody is asked in {EXAMPLE}")


def _applied() -> list[ControlRecord]:
    """Give what `dealwire apply` would have written of the example, long ago."""
    placed = read([EXAMPLES])
    workflows = [each.document for each in placed if isinstance(each.document, Workflow)]
    ours = [each for each in workflows if each.name == EXAMPLE]
    steps = plan(ours, library(placed), Catalogue(), at=datetime(2026, 1, 1, tzinfo=UTC), actor="benchmark")
    return [record for step in steps for record in step.records]


def _stage() -> str:
    (version,) = inputs(EXAMPLE)[0].versions.values()
    return version.workflow.trigger.stages[0]

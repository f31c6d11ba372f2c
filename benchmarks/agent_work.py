"""The work that every variant of the agents' benchmark does, and where it does it."""

import asyncio
import json
import random
import time
from collections.abc import Collection
from dataclasses import dataclass, field

from connectors.kafka.admin import TopicAdmin
from connectors.kafka.config import KafkaConfig
from connectors.kafka.registry import MemoryRegistry
from connectors.ports import Outgoing
from processors.topic_plan import Names, desired
from schemas.change import Change
from schemas.contracts import contract, subject
from schemas.ids import derived_id
from schemas.stage import StageEntry
from schemas.topics import TOPICS
from streams.records import Records, connect

PARTITIONS = 6
_USED = ("salesforce.changes", "opportunity.stages", "dead-letters", "transitions-stages-changelog")


def config_of(bootstrap_servers: str, variant: str) -> KafkaConfig:
    """Give each variant topics and a group of its own."""
    prefix = f"{variant}."
    return KafkaConfig(
        bootstrap_servers=bootstrap_servers,
        topic_prefix=prefix,
        group_prefix=prefix,
        partitions=PARTITIONS,
        replication_factor=1,
        min_insync_replicas=1,
    )


def create_topics(config: KafkaConfig, used: Collection[str] = _USED) -> None:
    """Create what the work reads and writes: topics and changelogs by their names without the prefix."""
    admin = TopicAdmin(config)
    for topic in desired(Names(config.topic_prefix, config.group_prefix, PARTITIONS, 1, 1)):
        if topic.name.removeprefix(config.topic_prefix) in used:
            admin.create(topic)


async def known_records(config: KafkaConfig) -> Records:
    """Give a codec that has the same ids in every process."""
    registry = MemoryRegistry()
    for topic in TOPICS.values():
        if topic.record is not None:
            await registry.register(subject(config.topic(topic.name)), contract(topic.record))
    return await connect(registry, config)


def body(number: int) -> bytes:
    """Give some 800 bytes that do not compress well."""
    chance = random.Random(number)  # noqa: S311  # filler
    return json.dumps({"StageName": "Closed Won", "Filler": chance.randbytes(380).hex()}).encode()


def state_of(change: Change) -> bytes:
    """Give what the table is to hold."""
    return change.body[:500]


def entry_of(change: Change) -> Outgoing:
    """Give what is to be sent."""
    entry = StageEntry(
        id=derived_id("entry", change.id),
        org_id=change.org_id,
        opportunity_id=change.record_id,
        stage="Closed Won",
        change_id=change.id,
    )
    return Outgoing(entry, f"{change.org_id}:{change.record_id}", cause=change.id)


@dataclass(slots=True)
class Meter:
    """Measures from the first record begun to the last one done."""

    count: int
    done: int = 0
    _began: float = 0.0
    _cpu: float = 0.0
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self) -> None:
        """Tell that a record is begun."""
        if not self._began:
            self._began, self._cpu = time.perf_counter(), time.process_time()

    def add(self, records: int = 1) -> None:
        """Tell that records are done."""
        self.done += records
        if self.done >= self.count and not self.finished.is_set():
            self.finished.set()
            seconds, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu
            print(
                json.dumps(
                    {
                        "records": self.count,
                        "records/s": round(self.count / seconds),
                        "CPU per record, us": round(1e6 * cpu / self.count),
                    }
                ),
                flush=True,
            )

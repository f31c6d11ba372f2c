"""What must change on a cluster so that it agrees with the topic table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.topics import LARGEST_STATE, TABLES, Cleanup, Topic, TopicState, all_topics


class Kind(StrEnum):
    """What a step of the plan does."""

    CREATE = "create"
    CONFIGURE = "configure"
    REPARTITION = "repartition"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One difference. A `CONFLICT` cannot be mended by us: `reason` says what a person must do."""

    kind: Kind
    topic: TopicState
    reason: str


@dataclass(frozen=True, slots=True)
class Names:
    """How names are made on this cluster, and how many copies and partitions it wants."""

    topic_prefix: str
    group_prefix: str
    partitions: int
    replication: int
    min_insync: int
    published: tuple[str, ...] = ()


def desired(names: Names) -> Iterator[TopicState]:
    """Give every topic of the table, then every changelog of an agent's table, under the cluster's names."""
    for topic in all_topics(names.published):
        yield TopicState(
            f"{names.topic_prefix}{topic.name}",
            1 if topic.single else names.partitions,
            names.replication,
            _config(topic, names),
        )
    for table in TABLES:
        yield TopicState(
            f"{names.group_prefix}{table.app}-{table.name}-changelog",
            names.partitions,
            names.replication,
            {
                "cleanup.policy": "compact",
                "max.message.bytes": str(LARGEST_STATE),
                "min.insync.replicas": str(names.min_insync),
            },
        )


def plan(wanted: Iterable[TopicState], found: Mapping[str, TopicState]) -> Iterator[PlanStep]:
    """Compare, and give the differences in the order they should be worked off. Nothing is ever deleted."""
    for topic in wanted:
        actual = found.get(topic.name)
        if actual is None:
            yield PlanStep(Kind.CREATE, topic, f"{topic.partitions} partitions, {topic.replication} copies")
            continue
        if actual.partitions < topic.partitions:
            yield PlanStep(
                Kind.REPARTITION,
                topic,
                f"from {actual.partitions} to {topic.partitions} partitions: keys move to other partitions, "
                "and tables no longer match. Drain the topic first",
            )
        elif actual.partitions > topic.partitions:
            yield PlanStep(
                Kind.CONFLICT,
                topic,
                f"has {actual.partitions} partitions, the table says {topic.partitions}, and Kafka cannot "
                f"take any away. Set [kafka] partitions = {actual.partitions}",
            )
        if actual.replication != topic.replication:
            yield PlanStep(
                Kind.CONFLICT,
                topic,
                f"has {actual.replication} copies, the table says {topic.replication}. "
                "Reassign its partitions with Kafka's own tools, or change [kafka] replication_factor",
            )
        differing = {key: value for key, value in topic.config.items() if actual.config.get(key) != value}
        if differing:
            listed = ", ".join(
                f"{key}={value} (is {actual.config.get(key, 'unset')})" for key, value in differing.items()
            )
            yield PlanStep(Kind.CONFIGURE, topic, listed)


def _config(topic: Topic, names: Names) -> dict[str, str]:
    config = {
        "cleanup.policy": topic.cleanup.value,
        "max.message.bytes": str(topic.max_bytes),
        "min.insync.replicas": str(names.min_insync),
    }
    if topic.cleanup is Cleanup.DELETE and topic.retention is not None:
        config["retention.ms"] = str(int(topic.retention.total_seconds() * 1000))
    return config

"""Makes the cluster and the registry agree with what the tables in `schemas/` say."""

from collections.abc import Iterable

from connectors.kafka.admin import TopicAdmin
from connectors.kafka.config import KafkaConfig
from connectors.kafka.registry import HttpRegistry
from processors.topic_plan import Kind, Names, PlanStep, desired, plan
from schemas.contracts import contract, subject
from schemas.errors import ConfigurationError
from schemas.topics import all_topics


def differences(admin: TopicAdmin, config: KafkaConfig) -> list[PlanStep]:
    """Give what differs between the topic table and the cluster."""
    names = Names(
        topic_prefix=config.topic_prefix,
        group_prefix=config.group_prefix,
        partitions=config.partitions,
        replication=config.replication_factor,
        min_insync=config.min_insync_replicas,
        published=config.publish_topics,
    )
    return list(plan(desired(names), admin.topics()))


def must_be_there(admin: TopicAdmin, config: KafkaConfig) -> None:
    """Check that every topic exists with its partitions; Faust would ignore a missing one without a word.

    Raises `ConfigurationError` naming what is not as it should be.
    """
    wrong = [
        f"{step.topic.name}: {step.reason}"
        for step in differences(admin, config)
        if step.kind in (Kind.CREATE, Kind.REPARTITION) or "partitions" in step.reason
    ]
    if wrong:
        raise ConfigurationError(
            f"{len(wrong)} topics are missing or have other partitions: {'; '.join(wrong)}",
            on=f"Kafka at {config.bootstrap_servers}",
            todo="Type: dealwire topics apply",
        )


def carry_out(admin: TopicAdmin, steps: Iterable[PlanStep], *, allow_repartition: bool) -> list[PlanStep]:
    """Work off a plan, and give the steps that were left: conflicts, and repartitioning not allowed."""
    left = []
    for step in steps:
        match step.kind:
            case Kind.CREATE:
                admin.create(step.topic)
            case Kind.CONFIGURE:
                admin.configure(step.topic)
            case Kind.REPARTITION if allow_repartition:
                admin.repartition(step.topic)
            case Kind.REPARTITION | Kind.CONFLICT:
                left.append(step)
    return left


async def register_contracts(registry: HttpRegistry, config: KafkaConfig) -> int:
    """Register the contract of every topic; public ones must stay FULL_TRANSITIVE. Gives their number."""
    count = 0
    for topic in all_topics(config.publish_topics):
        if topic.record is None:
            continue
        name = subject(config.topic(topic.name))
        await registry.register(name, contract(topic.record))
        if topic.public:
            await registry.set_compatibility(name, "FULL_TRANSITIVE")
        count += 1
    return count

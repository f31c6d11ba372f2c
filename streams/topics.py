"""Makes the cluster and the registry agree with what the tables in `schemas/` say."""

from collections.abc import Iterable

from connectors.kafka.admin import TopicAdmin
from connectors.kafka.config import KafkaConfig
from connectors.kafka.registry import HttpRegistry
from processors.topic_plan import Kind, Names, PlanStep, desired, plan
from schemas.contracts import contract, subject
from schemas.topics import TOPICS


def differences(admin: TopicAdmin, config: KafkaConfig) -> list[PlanStep]:
    """Give what differs between the topic table and the cluster."""
    names = Names(
        topic_prefix=config.topic_prefix,
        group_prefix=config.group_prefix,
        partitions=config.partitions,
        replication=config.replication_factor,
        min_insync=config.min_insync_replicas,
    )
    return list(plan(desired(names), admin.topics()))


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
    for topic in TOPICS.values():
        if topic.record is None:
            continue
        name = subject(config.topic(topic.name))
        await registry.register(name, contract(topic.record))
        if topic.public:
            await registry.set_compatibility(name, "FULL_TRANSITIVE")
        count += 1
    return count

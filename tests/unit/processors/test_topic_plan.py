"""The plan between the topic table and a cluster."""

from dataclasses import replace

import pytest

from processors.topic_plan import Kind, Names, desired, plan
from schemas.topics import TopicState

WANTED = TopicState("t", 6, 3, {"cleanup.policy": "delete", "retention.ms": "1000"})


@pytest.mark.parametrize(
    ("found", "kinds", "says"),
    [
        (None, [Kind.CREATE], "6 partitions, 3 copies"),
        (WANTED, [], ""),
        (replace(WANTED, config={**WANTED.config, "segment.ms": "5"}), [], ""),
        (replace(WANTED, partitions=4), [Kind.REPARTITION], "from 4 to 6"),
        (replace(WANTED, partitions=8), [Kind.CONFLICT], "cannot take any away"),
        (replace(WANTED, replication=1), [Kind.CONFLICT], "has 1 copies"),
        (
            replace(WANTED, config={"cleanup.policy": "delete"}),
            [Kind.CONFIGURE],
            "retention.ms=1000 (is unset)",
        ),
        (
            replace(WANTED, partitions=4, config={"cleanup.policy": "compact", "retention.ms": "1000"}),
            [Kind.REPARTITION, Kind.CONFIGURE],
            "cleanup.policy=delete (is compact)",
        ),
    ],
)
def test_each_difference_is_one_step(found: TopicState | None, kinds: list[Kind], says: str) -> None:
    steps = list(plan([WANTED], {} if found is None else {"t": found}))
    assert [step.kind for step in steps] == kinds
    assert says in " ".join(step.reason for step in steps)


def test_keyed_topics_and_changelogs_have_equal_partitions_and_single_ones_one() -> None:
    names = Names(topic_prefix="crm.", group_prefix="dw-", partitions=6, replication=1, min_insync=1)
    counts = {topic.name: topic.partitions for topic in desired(names)}
    single = {"crm.control", "crm.salesforce.checkpoints"}
    assert {name for name, count in counts.items() if count == 1} == single
    assert set(counts.values()) == {1, 6}
    assert counts["dw-workflow-runs-changelog"] == 6

"""The topic table against a real cluster and a real registry."""

import asyncio
import json

import pytest
from confluent_kafka import Producer

from connectors.kafka.admin import TopicAdmin
from connectors.kafka.config import KafkaConfig, RegistryConfig
from connectors.kafka.reader import CompactedReader
from connectors.kafka.registry import HttpRegistry
from connectors.kafka.scan import scan
from processors.topic_plan import Kind
from schemas.codec import Codec
from schemas.contracts import contract, subject
from schemas.errors import ConfigurationError, RefusedError, UnavailableError
from schemas.stage import StageEntry
from schemas.topics import TOPICS, TopicState
from streams.records import connect
from streams.topics import carry_out, differences, register_contracts
from tests.fixtures.kafka import Topics


def config_for(topics: Topics) -> KafkaConfig:
    return KafkaConfig(
        bootstrap_servers=topics.bootstrap_servers,
        topic_prefix=topics.prefix,
        group_prefix=topics.prefix,
        partitions=2,
        replication_factor=1,
        min_insync_replicas=1,
    )


def test_apply_makes_the_cluster_agree_and_a_second_time_changes_nothing(topics: Topics) -> None:
    config = config_for(topics)
    admin = TopicAdmin(config)
    steps = differences(admin, config)
    assert {step.kind for step in steps} == {Kind.CREATE}
    assert carry_out(admin, steps, allow_repartition=False) == []
    assert differences(admin, config) == []
    assert len(topics.names()) == len(steps)


def test_partitions_are_raised_only_when_allowed_and_settings_always(topics: Topics) -> None:
    config = config_for(topics)
    admin = TopicAdmin(config)
    carry_out(admin, differences(admin, config), allow_repartition=False)
    stages = config.topic("opportunity.stages")
    admin.configure(TopicState(stages, 2, 1, {"retention.ms": "1000"}))
    wider = config.model_copy(update={"partitions": 3})

    left = carry_out(admin, differences(admin, wider), allow_repartition=False)
    assert {step.kind for step in left} == {Kind.REPARTITION}
    assert admin.topics()[stages].config["retention.ms"] == str(90 * 24 * 3600 * 1000)
    assert carry_out(admin, left, allow_repartition=True) == []
    assert differences(admin, wider) == []
    assert {step.kind for step in differences(admin, config)} == {Kind.CONFLICT}


def test_a_cluster_that_does_not_answer_is_named() -> None:
    config = KafkaConfig(bootstrap_servers="127.0.0.1:1")
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1.*sandbox up"):
        TopicAdmin(config, timeout_seconds=1).topics()


def test_contracts_are_registered_once_and_public_ones_are_guarded(topics: Topics, registry: str) -> None:
    config = config_for(topics)
    client = HttpRegistry(RegistryConfig(url=registry))
    count = asyncio.run(register_contracts(client, config))
    assert count == asyncio.run(register_contracts(client, config))

    breaking = json.loads(contract(StageEntry))
    breaking["fields"].append({"name": "new", "type": "string"})
    with pytest.raises(RefusedError, match="not compatible"):
        asyncio.run(client.register(subject(config.topic("opportunity.stages")), json.dumps(breaking)))


def test_records_need_registered_contracts_and_then_read_what_others_wrote(
    topics: Topics, registry: str
) -> None:
    config = config_for(topics)
    client = HttpRegistry(RegistryConfig(url=registry))
    with pytest.raises(ConfigurationError, match="dealwire topics apply"):
        asyncio.run(connect(client, config, [TOPICS["opportunity.stages"]]))
    asyncio.run(register_contracts(client, config))

    async def round_trip() -> None:
        writer = await connect(client, config, [TOPICS["opportunity.stages"]])
        reader = await connect(client, config, [TOPICS["accounts"]])
        entry = StageEntry(id="e", org_id="o", stage="Closed Won")
        assert await reader.decode(writer.encode(entry)) == entry

    asyncio.run(round_trip())
    assert not Codec().knows([StageEntry])


def test_a_compacted_topic_is_read_whole_and_kept_up_to_date(topics: Topics) -> None:
    config = config_for(topics)
    topics.create("control", config={"cleanup.policy": "compact"})
    producer = Producer(config.librdkafka())
    reader = CompactedReader(config, "control")

    def put(**values: str | None) -> None:
        for key, value in values.items():
            producer.produce(config.topic("control"), key=key, value=value)
        assert producer.flush(10) == 0

    assert asyncio.run(reader.refresh()) is False
    put(a="1", b="1")
    put(a="2")
    assert asyncio.run(reader.refresh()) is True
    assert reader.latest == {"a": b"2", "b": b"1"}
    put(b=None)
    assert asyncio.run(reader.refresh()) is True
    assert reader.latest == {"a": b"2"}
    assert asyncio.run(reader.refresh()) is False
    reader.close()


def test_a_scan_reads_every_partition_to_its_end(topics: Topics) -> None:
    config = config_for(topics)
    topics.create("workflow.events", partitions=3)
    assert list(scan(config, "workflow.events")) == []
    producer = Producer(config.librdkafka())
    for number in range(1200):
        producer.produce(
            config.topic("workflow.events"), key=str(number % 7), value=str(number), headers={"n": b"1"}
        )
    assert producer.flush(10) == 0
    found = [message for batch in scan(config, "workflow.events") for message in batch]
    assert sorted(int(message.value or b"-1") for message in found) == list(range(1200))
    for key in {message.key for message in found}:
        values = [int(message.value or b"-1") for message in found if message.key == key]
        assert values == sorted(values)
    assert found[0].headers == (("n", b"1"),)


def test_a_topic_that_is_not_there_says_what_to_type(topics: Topics) -> None:
    with pytest.raises(ConfigurationError, match="dealwire topics apply"):
        list(scan(config_for(topics), "nothing.here"))

"""The sandbox's Kafka is a real one and ends when it should."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from connectors.kafka.broker.kafka import KafkaCluster
from connectors.kafka.broker.ports import free_ports
from connectors.kafka.broker.process import poll_until
from schemas.errors import UnavailableError, UsageError
from tests.fixtures.kafka import Topics
from tests.fixtures.sandbox import required

pytestmark = pytest.mark.kafka


def _produce(bootstrap_servers: str, topic: str, *values: bytes) -> None:
    producer = Producer(
        {"bootstrap.servers": bootstrap_servers, "acks": "all", "message.max.bytes": 5_000_000}
    )
    failures: list[object] = []
    for value in values:
        producer.produce(topic, value, on_delivery=lambda error, _: failures.append(error) if error else None)
    assert producer.flush(30) == 0
    assert failures == []


def _consume(bootstrap_servers: str, topic: str, count: int) -> list[bytes | None]:
    consumer = Consumer(
        {"bootstrap.servers": bootstrap_servers, "group.id": "test", "auto.offset.reset": "earliest"}
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    try:
        return [message.value() for message in consumer.consume(count, timeout=30)]
    finally:
        consumer.close()


def test_keeps_what_is_produced(topics: Topics) -> None:
    topic = topics.create("orders")
    _produce(topics.bootstrap_servers, topic, b"one", b"two")
    assert _consume(topics.bootstrap_servers, topic, 2) == [b"one", b"two"]


def test_takes_four_megabytes_and_gives_them_back(topics: Topics) -> None:
    topic = topics.create("large")
    large = os.urandom(4 * 1024 * 1024 - 1024)
    _produce(topics.bootstrap_servers, topic, large)
    assert _consume(topics.bootstrap_servers, topic, 1) == [large]


def test_creates_no_topic_by_itself(kafka: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    resource = ConfigResource(ResourceType.BROKER, "0")
    config = admin.describe_configs([resource])[resource].result(30)
    assert config["auto.create.topics.enable"].value == "false"
    assert config["message.max.bytes"].value == str(4 * 1024 * 1024)


def test_listens_on_loopback_only(kafka: str) -> None:
    ports = {int(server.rsplit(":", 1)[1]) for server in kafka.split(",")}
    mine = [
        connection.laddr
        for child in psutil.Process().children(recursive=True)
        if child.name() == "java"
        for connection in child.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert ports <= {address.port for address in mine}
    assert {address.ip.removeprefix("::ffff:") for address in mine} == {"127.0.0.1"}


def test_keeps_data_and_port_over_stop_kill_and_start(tmp_path: Path) -> None:
    with required(), KafkaCluster(tmp_path) as first:
        servers = first.bootstrap_servers
        topics = Topics(servers)
        topic = topics.create("kept")
        _produce(servers, topic, b"before the stop")
        first.stop()
        second = KafkaCluster(tmp_path)
        second.start()
        try:
            assert second.bootstrap_servers == servers
            assert _consume(servers, topic, 1) == [b"before the stop"]
            _produce(servers, topic, b"before the kill")
            second.kill(0)
            assert second.pids == [None]
            second.restart(0)
            assert _consume(servers, topic, 2) == [b"before the stop", b"before the kill"]
        finally:
            second.stop()


def test_refuses_data_of_another_size(tmp_path: Path) -> None:
    (tmp_path / "cluster.json").write_text('{"cluster_id": "x", "brokers": 3, "ports": []}')
    with required(), pytest.raises(UsageError, match="3 broker"):
        KafkaCluster(tmp_path).start()


@pytest.mark.parametrize(("brokers", "ports"), [(2, None), (0, None), (1, [1, 2]), (3, [1])])
def test_refuses_sizes_that_make_no_quorum(tmp_path: Path, brokers: int, ports: list[int] | None) -> None:
    with pytest.raises(UsageError):
        KafkaCluster(tmp_path, brokers=brokers, ports=ports)


def test_says_which_port_is_taken(tmp_path: Path, kafka: str) -> None:
    port = int(kafka.rsplit(":", 1)[1])
    with pytest.raises(UnavailableError, match=str(port)):
        KafkaCluster(tmp_path, ports=[port]).start()


def test_shows_the_log_of_a_broker_that_dies(tmp_path: Path) -> None:
    with required(), KafkaCluster(tmp_path) as cluster:
        cluster.stop()
        (tmp_path / "broker-0" / "data" / "meta.properties").write_text("version=9\n")
        with pytest.raises(
            UnavailableError, match=r"(?s)kafka-0 ended with code 1.*log ends:.*version number 9"
        ):
            cluster.start()
        assert cluster.pids == [None]


_PARENT = """
import pathlib, sys
from connectors.kafka.broker.kafka import KafkaCluster
cluster = KafkaCluster(pathlib.Path(sys.argv[1]))
cluster.start()
print(cluster.pids[0], flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_ends_with_its_parent(tmp_path: Path, kafka: str, number: signal.Signals) -> None:
    assert kafka
    command = [sys.executable, "-c", _PARENT, str(tmp_path)]
    with subprocess.Popen(  # noqa: S603  # our own script
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        broker = psutil.Process(int(parent.stdout.readline()))
        assert broker.name() == "java"
        parent.send_signal(number)
        parent.wait(30)
    assert poll_until(lambda: not broker.is_running(), within_s=10)


@pytest.mark.slow
def test_three_brokers_lose_one_and_nothing_acknowledged(kafka_cluster: KafkaCluster) -> None:
    topics = Topics(kafka_cluster.bootstrap_servers)
    topic = topics.create("copied", replication=3, config={"min.insync.replicas": "2"})
    _produce(kafka_cluster.bootstrap_servers, topic, b"with three")
    kafka_cluster.kill(0)
    _produce(kafka_cluster.bootstrap_servers, topic, b"with two")
    assert _consume(kafka_cluster.bootstrap_servers, topic, 2) == [b"with three", b"with two"]
    kafka_cluster.restart(0)
    assert _consume(f"127.0.0.1:{kafka_cluster.bootstrap_servers.split(',')[0].split(':')[1]}", topic, 2)
    topics.delete_all()


def test_free_ports_are_different_and_free() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20


def test_a_topic_that_exists_is_an_error(topics: Topics) -> None:
    topics.create("once")
    with pytest.raises(KafkaException):
        topics.create("once")

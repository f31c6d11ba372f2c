"""Apache Kafka (KRaft) as child processes on loopback: one node, or three that survive the loss of one."""

import json
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from connectors.kafka.broker.fetch import kafka_class_path
from connectors.kafka.broker.java import java
from connectors.kafka.broker.ports import LOOPBACK, free_ports, is_free
from connectors.kafka.broker.process import Child
from connectors.kafka.broker.progress import OnProgress, Progress, silent
from connectors.kafka.broker.properties import Node, server_properties
from schemas.errors import UnavailableError, UsageError

__all__ = ["KafkaCluster"]

_HEAP_MB = 400
_FORMAT_WITHIN_S = 60.0
_READY_WITHIN_S = 90.0
_STOP_WITHIN_S = 15.0
_SIZES = (1, 3)


class KafkaCluster:
    """A real Kafka cluster of one or three brokers, with its data under `data_dir`.

    Starting on data of an earlier run goes on with it, on the same ports if they are free. `ports` chooses
    the brokers' ports. Not safe for use by several threads at once.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        brokers: int = 1,
        ports: Sequence[int] | None = None,
        on_progress: OnProgress = silent,
    ) -> None:
        if brokers not in _SIZES:
            raise UsageError(f"a sandbox has 1 or 3 brokers, not {brokers}", todo="Type: --brokers 3")
        if ports is not None and len(ports) != brokers:
            raise UsageError(
                f"{len(ports)} ports for {brokers} brokers", todo="Name one port for each broker."
            )
        self._dir = data_dir.absolute()
        self._size = brokers
        self._wanted_ports = ports
        self._on_progress = on_progress
        self._nodes: list[Node] = []
        self._children: list[Child] = []

    @property
    def bootstrap_servers(self) -> str:
        """What clients are told: `127.0.0.1:port[,…]`, of every broker, running or not."""
        return ",".join(f"{LOOPBACK}:{node.port}" for node in self._nodes)

    @property
    def pids(self) -> list[int | None]:
        """The process id of each broker; None for one that does not run."""
        return [child.pid for child in self._children]

    @property
    def logs(self) -> list[Path]:
        """The log file of each broker."""
        return [self._dir / f"kafka-{number}.log" for number in range(self._size)]

    def start(self) -> None:
        """Start every broker and return when the cluster answers a metadata request with all of them.

        Raises:
            UnavailableError: a port is taken, jars cannot be fetched, or a broker ended; with its log's end.
            UsageError: the data was made by a cluster of another size.
            ConfigurationError: the extra `sandbox` is not installed.

        """
        if any(child.running for child in self._children):
            return
        class_path = kafka_class_path(self._on_progress)
        cluster_id = self._settle()
        self._children = [self._child(node, class_path) for node in self._nodes]
        try:
            self._format(class_path, cluster_id)
            for child in self._children:
                self._on_progress(Progress(child.name, "starting"))
                child.start()
            for node in self._nodes:
                self._wait_ready(node, all_of_them=True)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop every broker in good order. The data stays."""
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.stop(within_s=_STOP_WITHIN_S)

    def kill(self, broker: int) -> None:
        """`kill -9` one broker."""
        self._children[broker].kill()

    def restart(self, broker: int) -> None:
        """Start one broker again, on its data and port; returns when the cluster has taken it back.

        Raises:
            UnavailableError: it did not come back; with its log's end.

        """
        self._children[broker].stop(within_s=_STOP_WITHIN_S)
        self._children[broker].start()
        self._wait_ready(self._nodes[broker], all_of_them=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _settle(self) -> str:
        """Choose ports and remember them with the cluster's id; return the id."""
        self._dir.mkdir(parents=True, exist_ok=True)
        file = self._dir / "cluster.json"
        before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if before and before["brokers"] != self._size:
            raise UsageError(
                f"the data is that of {before['brokers']} broker(s), asked for are {self._size}",
                on=str(self._dir),
                todo="Ask for as many as before, or wipe the data: dealwire sandbox reset",
            )
        kept: list[int] = before.get("ports", [])
        ports = kept if kept and all(map(is_free, kept)) else free_ports(2 * self._size)
        if self._wanted_ports is not None:
            for port in filter(lambda port: not is_free(port), self._wanted_ports):
                raise UnavailableError("the port is taken", on=f"{LOOPBACK}:{port}", todo="Choose another.")
            ports = [*self._wanted_ports, *(port for port in ports if port not in self._wanted_ports)]
        cluster_id: str = before.get("cluster_id") or _new_cluster_id()
        remembered = {"cluster_id": cluster_id, "brokers": self._size, "ports": ports[: 2 * self._size]}
        file.write_text(json.dumps(remembered, indent=2), encoding="utf-8")
        self._nodes = [
            Node(number, ports[number], ports[self._size + number], self._dir / f"broker-{number}")
            for number in range(self._size)
        ]
        for node in self._nodes:
            node.folder.mkdir(exist_ok=True)
            text = server_properties(node, self._nodes)
            (node.folder / "server.properties").write_text(text, encoding="utf-8")
        return cluster_id

    def _child(self, node: Node, class_path: str) -> Child:
        return Child(
            f"kafka-{node.id}",
            [*_kafka_java(class_path), "kafka.Kafka", str(node.folder / "server.properties")],
            log=self.logs[node.id],
        )

    def _format(self, class_path: str, cluster_id: str) -> None:
        """Write the first bytes of each data folder that has none."""
        formatters = []
        for node in self._nodes:
            if (node.folder / "data" / "meta.properties").exists():
                continue
            self._on_progress(Progress(f"kafka-{node.id}", "formatting"))
            properties = str(node.folder / "server.properties")
            tool = ["kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", properties]
            formatter = Child(
                f"format of kafka-{node.id}", [*_kafka_java(class_path), *tool], log=self.logs[node.id]
            )
            formatter.start()
            formatters.append((formatter, node))
        for formatter, node in formatters:
            done = node.folder / "data" / "meta.properties"
            formatter.wait_end(within_s=_FORMAT_WITHIN_S)
            if not done.exists():
                raise UnavailableError(
                    f"{formatter.name} failed; its log ends:\n{formatter.tail()}\n", on=str(formatter.log)
                )

    def _wait_ready(self, node: Node, *, all_of_them: bool) -> None:
        child = self._children[node.id]
        admin = AdminClient(
            {
                "bootstrap.servers": f"{LOOPBACK}:{node.port}",
                "log_level": 0,  # that nothing answers yet is no news
                "reconnect.backoff.ms": 20,
                "reconnect.backoff.max.ms": 100,
            }
        )

        def ready() -> bool:
            try:
                known = admin.list_topics(timeout=1.0).brokers
            except KafkaException:
                return False
            return len(known) == self._size if all_of_them else node.id in known

        child.wait_ready(ready, within_s=_READY_WITHIN_S)
        self._on_progress(Progress(child.name, "ready"))


def _new_cluster_id() -> str:
    """Return 16 bytes in URL-safe base64, as Kafka wants; the first is fixed: no id looks like an option."""
    return urlsafe_b64encode(b"v" + uuid.uuid4().bytes[1:]).decode().rstrip("=")


def _kafka_java(class_path: str) -> list[str]:
    log4j2 = Path(__file__).with_name("log4j2.xml")
    return [*java(heap_mb=_HEAP_MB, properties={"log4j2.configurationFile": str(log4j2)}), "-cp", class_path]

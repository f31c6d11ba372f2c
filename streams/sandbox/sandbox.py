"""The sandbox's parts, started and stopped together in this process."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from connectors.kafka.broker.fetch import kafka_class_path, registry_home
from connectors.kafka.broker.kafka import KafkaCluster
from connectors.kafka.broker.ports import LOOPBACK
from connectors.kafka.broker.progress import OnProgress, silent
from connectors.kafka.broker.registry import Registry
from streams.sandbox.endpoints import Endpoints
from streams.sandbox.mail import MailServer

__all__ = ["Part", "Sandbox"]


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the sandbox."""

    name: str
    pid: int | None
    host: str
    port: int
    log: Path


class Sandbox:
    """Real Kafka, schema registry and mail server on loopback, with their data under `data_dir`.

    `kafka`, `registry` and `mail` can be killed and started again one by one. `kafka_port` is the first
    broker's; the others take the next ones. A port that is not chosen is a free one, and stays the same while
    this object lives. When this process ends, by whatever means, so do they.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        brokers: int = 1,
        kafka_port: int | None = None,
        registry_port: int | None = None,
        smtp_port: int | None = None,
        on_progress: OnProgress = silent,
    ) -> None:
        self.brokers = brokers
        self._on_progress = on_progress
        ports = range(kafka_port, kafka_port + brokers) if kafka_port else None
        self.kafka = KafkaCluster(data_dir / "kafka", brokers=brokers, ports=ports, on_progress=on_progress)
        self.registry = Registry(data_dir / "registry", port=registry_port, on_progress=on_progress)
        self.mail = MailServer(data_dir / "mail", port=smtp_port, on_progress=on_progress)

    def up(self) -> Endpoints:
        """Start every part at once; return where they are when all are ready.

        Raises:
            DealwireError: one did not start (see `KafkaCluster.start`, `Registry.start`); then none runs.

        """
        # Fetched here and not by the threads below: Ctrl-C can end a download in the main thread only.
        kafka_class_path(self._on_progress)
        registry_home(self._on_progress)
        starts = (self.mail.start, self.kafka.start, self.registry.start)
        try:
            with ThreadPoolExecutor(len(starts)) as pool:
                started = [pool.submit(start) for start in starts]
                try:
                    for each in as_completed(started):
                        each.result()
                except BaseException:
                    self.down()  # so that the others stop waiting for theirs
                    raise
        except BaseException:
            self.down()  # and whatever was started in that moment
            raise
        return self.endpoints

    def down(self) -> None:
        """Stop every part in good order. The data stays."""
        self.mail.stop()
        self.registry.stop()
        self.kafka.stop()

    @property
    def endpoints(self) -> Endpoints:
        """Where the parts are, once they have been started."""
        return Endpoints(
            self.brokers, self.kafka.bootstrap_servers, self.registry.url, LOOPBACK, self.mail.port
        )

    @property
    def parts(self) -> list[Part]:
        """Every process, once it has been started."""
        ports = [int(server.rpartition(":")[2]) for server in self.kafka.bootstrap_servers.split(",")]
        brokers = zip(self.kafka.pids, ports, self.kafka.logs, strict=True)
        return [
            *(
                Part(f"kafka-{number}", pid, LOOPBACK, port, log)
                for number, (pid, port, log) in enumerate(brokers)
            ),
            Part("registry", self.registry.pid, LOOPBACK, self.registry.port, self.registry.log),
            Part("mail", self.mail.pid, LOOPBACK, self.mail.port, self.mail.log),
        ]

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

"""Apicurio Registry as a child process on loopback: a schema registry that speaks Confluent's API."""

from pathlib import Path
from typing import Self

import requests

from connectors.kafka.broker.fetch import registry_home
from connectors.kafka.broker.java import java
from connectors.kafka.broker.ports import LOOPBACK, free_ports, is_free
from connectors.kafka.broker.process import Child
from connectors.kafka.broker.progress import OnProgress, Progress, silent
from schemas.errors import UnavailableError

__all__ = ["Registry"]

_HEAP_MB = 256
_READY_WITHIN_S = 120.0
_ASK_TIMEOUT_S = 2.0


class Registry:
    """A real schema registry whose schemas and ids lie in a file under `data_dir` and survive a restart.

    What it has answered is on disk, also after `kill -9`. `port` chooses where it listens; 0 or None takes
    a free one.
    """

    def __init__(self, data_dir: Path, *, port: int | None = None, on_progress: OnProgress = silent) -> None:
        self._dir = data_dir.absolute()
        self._wanted_port = port
        self.port = 0
        self._on_progress = on_progress
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """The base address for clients of Confluent's API."""
        return f"http://{LOOPBACK}:{self.port}/apis/ccompat/v7"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._child.pid if self._child is not None else None

    @property
    def log(self) -> Path:
        """Its log file."""
        return self._dir / "registry.log"

    def start(self) -> None:
        """Start it and return when it answers. A second start after `kill` takes the same port.

        Raises:
            UnavailableError: the port is taken, it cannot be fetched, or it ended; with its log's end.
            ConfigurationError: the extra `sandbox` is not installed.

        """
        if self.pid is not None:
            return
        home = registry_home(self._on_progress)
        management = self._choose_ports()
        self._dir.mkdir(parents=True, exist_ok=True)
        properties = {
            "quarkus.http.host": LOOPBACK,
            "quarkus.http.port": str(self.port),
            "quarkus.management.host": LOOPBACK,
            "quarkus.management.port": str(management),
            "quarkus.log.console.color": "false",
            "quarkus.otel.sdk.disabled": "true",
            "apicurio.storage.kind": "sql",
            "apicurio.storage.sql.kind": "h2",
            # Without a write delay a commit is in the file before it is answered.
            "apicurio.datasource.url": f"jdbc:h2:file:{self._dir / 'schemas'};WRITE_DELAY=0",
            "apicurio.datasource.jdbc.initial-size": "2",
            "apicurio.datasource.jdbc.min-size": "2",
            "apicurio.datasource.jdbc.max-size": "20",
            "apicurio.storage.snapshot.location": str(self._dir),
            "apicurio.import.work-dir": str(self._dir),
        }
        command = [*java(heap_mb=_HEAP_MB, properties=properties), "-jar", str(home / "quarkus-run.jar")]
        self._child = Child("registry", command, log=self.log)
        self._on_progress(Progress("registry", "starting"))
        try:
            self._child.start()
            self._child.wait_ready(self._answers, within_s=_READY_WITHIN_S)
        except BaseException:
            self.kill()
            raise
        self._on_progress(Progress("registry", "ready"))

    def stop(self) -> None:
        """Stop it in good order. The data stays."""
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        """`kill -9`."""
        if self._child is not None:
            self._child.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _choose_ports(self) -> int:
        """Settle the port for clients; return one for health and metrics."""
        wanted = self._wanted_port or self.port
        if wanted and not is_free(wanted):
            raise UnavailableError("the port is taken", on=f"{LOOPBACK}:{wanted}", todo="Choose another.")
        first, second = free_ports(2)
        self.port = wanted or first
        return second

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/subjects", timeout=_ASK_TIMEOUT_S).ok
        except requests.RequestException:
            return False

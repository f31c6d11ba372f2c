"""The mail catcher as a child process, on the same port after every restart."""

import json
import socket
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from connectors.email.catcher.faults import Fault
from connectors.email.catcher.mailbox import Mailbox
from connectors.kafka.broker.extra import sandbox_module
from connectors.kafka.broker.ports import LOOPBACK, free_ports, is_free
from connectors.kafka.broker.process import Child
from connectors.kafka.broker.progress import OnProgress, Progress, silent
from schemas.errors import UnavailableError

__all__ = ["MailServer"]

_READY_WITHIN_S = 30.0


class MailServer:
    """Keeps every mail in the Maildir `data_dir/mail`; `port` None or 0 takes a free one."""

    def __init__(self, data_dir: Path, *, port: int | None = None, on_progress: OnProgress = silent) -> None:
        self._dir = data_dir.absolute()
        self._wanted_port = port
        self._on_progress = on_progress
        self._child: Child | None = None
        self.port = 0

    @property
    def mailbox(self) -> Mailbox:
        """What was caught so far, also while nothing runs."""
        return Mailbox(self._dir / "mail")

    @property
    def log(self) -> Path:
        """Its log file."""
        return self._dir / "mail.log"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._child.pid if self._child is not None else None

    def start(self) -> None:
        """Start it, the second time on the port of the first; return when it greets.

        Raises:
            UnavailableError: the port is taken, or it ended; with its log's end.
            ConfigurationError: the extra `sandbox` is not installed.

        """
        if self.pid is not None:
            return
        sandbox_module("aiosmtpd")
        wanted = self._wanted_port or self.port
        if wanted and not is_free(wanted):
            raise UnavailableError("the port is taken", on=f"{LOOPBACK}:{wanted}", todo="Choose another.")
        self.port = wanted or free_ports(1)[0]
        command = [sys.executable, "-m", "connectors.email.catcher", str(self._dir / "mail")]
        options = ["--port", str(self.port), "--faults", str(self._faults)]
        self._child = Child("mail", [*command, *options], log=self.log)
        self._on_progress(Progress("mail", "starting"))
        try:
            self._child.start()
            self._child.wait_ready(self._greets, within_s=_READY_WITHIN_S)
        except BaseException:
            self.kill()
            raise
        self._on_progress(Progress("mail", "ready"))

    def stop(self) -> None:
        """Stop it. The mails stay."""
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        """`kill -9`."""
        if self._child is not None:
            self._child.kill()

    def script(self, faults: Sequence[Fault]) -> None:
        """Let mails meet these faults from now on (within a tenth of a second); none ends them."""
        self._dir.mkdir(parents=True, exist_ok=True)
        written = self._faults.with_suffix(".new")
        written.write_text(json.dumps([fault.model_dump(mode="json") for fault in faults]), encoding="utf-8")
        written.replace(self._faults)

    @property
    def _faults(self) -> Path:
        return self._dir / "faults.json"

    def _greets(self) -> bool:
        try:
            with closing(socket.create_connection((LOOPBACK, self.port), timeout=1)) as connection:
                return connection.recv(3) == b"220"
        except OSError:
            return False

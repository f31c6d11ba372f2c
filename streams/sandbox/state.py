"""What others may know of a sandbox that runs: a lock that ends with it, and a file that says where it is.

A process id in a file can be that of a stranger by the time somebody reads it. So the file counts only while
its writer holds the lock, which the kernel takes back when that process ends, however it ends.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from connectors.kafka.broker.process import poll_until
from schemas.errors import UsageError
from streams.sandbox.endpoints import Endpoints

__all__ = ["KnownPart", "Place", "State"]

_PATIENCE_S = 0.5


@dataclass(frozen=True, slots=True)
class KnownPart:
    """One process of a running sandbox, as the file has it."""

    name: str
    pid: int | None
    host: str
    port: int
    log: str


@dataclass(frozen=True, slots=True)
class State:
    """A sandbox: the process that owns it, and, once it is ready, where everything is."""

    pid: int
    endpoints: Endpoints | None = None
    parts: tuple[KnownPart, ...] = field(default=())


class Place:
    """A folder that can hold one running sandbox, such as `.dealwire`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "sandbox"
        self.settings_file = self.folder / "sandbox.toml"
        self._file = self.folder / "sandbox.json"
        self._lock = self.folder / "sandbox.lock"

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Hold the place for this process.

        Raises:
            UsageError: another process holds it.

        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._lock.open("w") as lock:
            # One who only looks (`is_free`) holds it for a moment too.
            if not poll_until(lambda: _take(lock, fcntl.LOCK_EX), within_s=_PATIENCE_S):
                raise UsageError(
                    "a sandbox already runs here", on=str(self.folder), todo="Type: dealwire sandbox status"
                )
            try:
                yield
            finally:
                self._file.unlink(missing_ok=True)
                self.settings_file.unlink(missing_ok=True)

    def write(self, state: State) -> None:
        """Tell others. Only for the process that owns the place."""
        if state.endpoints is not None:
            self.settings_file.write_text(state.endpoints.toml(), encoding="utf-8")
        written = self._file.with_suffix(".new")
        written.write_text(json.dumps(asdict(state), indent=2), encoding="utf-8")
        written.replace(self._file)

    def read(self) -> State | None:
        """Return what runs here now; None if nothing does, whatever an earlier one left behind."""
        if self.is_free() or not self._file.exists():
            return None
        known = json.loads(self._file.read_text(encoding="utf-8"))
        endpoints = Endpoints(**known["endpoints"]) if known["endpoints"] else None
        return State(known["pid"], endpoints, tuple(KnownPart(**part) for part in known["parts"]))

    def is_free(self) -> bool:
        """Say whether no living process owns the place."""
        if not self._lock.exists():
            return True
        with self._lock.open() as lock:
            return _take(lock, fcntl.LOCK_SH)

    def wait_free(self, *, within_s: float) -> bool:
        """Wait until no process owns the place; False when the time was over before."""
        return poll_until(self.is_free, within_s=within_s)


def _take(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""A child process with a log file: started so that it ends with us, waited for, stopped, killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from schemas.errors import UnavailableError

__all__ = ["Child", "poll_until"]

_GUARD = Path(__file__).with_name("guard.py")
_POLL_S = 0.05
_KEEP_LOG_BYTES = 16 * 1024 * 1024

# Linux ends a child with the *thread* that started it. This one lives as long as the process, whoever asks.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="dealwire-spawner")


def poll_until(ready: Callable[[], bool], *, within_s: float) -> bool:
    """Ask again and again until it is so; False when the time is over."""
    deadline = time.monotonic() + within_s
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


class Child:
    """One child process. It ends when this process ends, by whatever means; its output goes to `log`.

    `name` stands in messages, `command[0]` is an absolute path. The same object can be started again.
    """

    def __init__(
        self, name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process is not None and self.running else None

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; nothing happens if it runs."""
        if self.running:
            return
        self._forget()  # one that ended by itself left its pipe open
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _KEEP_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".1.log"))
        guarded = [sys.executable, "-I", "-S", str(_GUARD), str(os.getpid()), *self._command]
        with self.log.open("ab") as output:
            self._process = _spawner.submit(
                subprocess.Popen,
                guarded,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if self._env is None else {**os.environ, **self._env},
                start_new_session=True,  # Ctrl-C is for us: we stop it in good order
            ).result()

    def wait_ready(self, ready: Callable[[], bool], *, within_s: float) -> None:
        """Wait until `ready()` is true.

        Raises:
            UnavailableError: it ended or the time was over; the error shows the end of its log.

        """
        poll_until(lambda: not self.running or ready(), within_s=within_s)
        if self.running and ready():
            return
        ended = f"ended with code {self._process.poll()}" if self._process and not self.running else ""
        raise UnavailableError(
            f"{self.name} {ended or f'was not ready within {within_s:g} s'}; its log ends:\n{self.tail()}\n",
            on=str(self.log),
            todo="Read the whole log at the place named above.",
        )

    def wait_end(self, *, within_s: float) -> int:
        """Wait until it has ended by itself; return its exit code.

        Raises:
            UnavailableError: the time was over; it was killed.

        """
        if not poll_until(lambda: not self.running, within_s=within_s):
            self.kill()
            raise UnavailableError(f"{self.name} did not end within {within_s:g} s", on=str(self.log))
        code = self._process.returncode if self._process is not None else 0
        self._forget()
        return int(code)

    def tail(self, lines: int = 20) -> str:
        """Return the last lines of its log."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - 64 * 1024))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])

    def ask_to_stop(self) -> None:
        """Send SIGTERM and return at once."""
        self._signal(signal.SIGTERM)

    def stop(self, *, within_s: float = 10.0) -> None:
        """Stop it in good order; kill it when that takes too long."""
        self.ask_to_stop()
        if self._process is not None:
            try:
                self._process.wait(within_s)
            except subprocess.TimeoutExpired:
                self.kill()
        self._forget()

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._forget()

    def _signal(self, number: signal.Signals) -> None:
        if self.running and self._process is not None:
            os.killpg(self._process.pid, number)  # its own group: see start_new_session

    def _forget(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

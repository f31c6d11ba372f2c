"""Owns a running sandbox: starts it, tells others where it is, waits to be asked to end, stops it.

    python -m streams.sandbox.supervisor '<request as JSON>'

runs one in the background for `dealwire sandbox up`, which reads how far it is from its standard output, one
JSON object a line: `progress`, then `ready` or `error`. If nobody reads any more before it is ready, it ends.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Lock
from types import FrameType

import structlog

from connectors.kafka.broker.progress import OnProgress, Progress
from schemas.errors import DealwireError
from streams.sandbox.sandbox import Sandbox
from streams.sandbox.state import KnownPart, Place, State

__all__ = ["Request", "supervise"]

_log = structlog.get_logger(__name__)
_LOOK_EVERY_S = 1.0
_say_lock = Lock()


@dataclass(frozen=True, slots=True)
class Request:
    """Which sandbox is wanted, and where."""

    folder: str
    brokers: int = 1
    kafka_port: int | None = None
    registry_port: int | None = None
    smtp_port: int | None = None


class _Ended(BaseException):
    """SIGTERM or SIGINT came while parts were starting."""


def supervise(request: Request, *, on_progress: OnProgress, on_ready: Callable[[State], None]) -> None:
    """Run a sandbox in this process until SIGTERM or SIGINT. Call it in the main thread.

    Raises:
        DealwireError: it did not start, or another process owns the place.

    """
    place = Place(Path(request.folder))
    with place.owned():
        place.write(State(os.getpid()))
        sandbox = Sandbox(
            place.data,
            brokers=request.brokers,
            kafka_port=request.kafka_port,
            registry_port=request.registry_port,
            smtp_port=request.smtp_port,
            on_progress=on_progress,
        )
        with _ending() as ended:
            try:
                endpoints = sandbox.up()
                parts = tuple(
                    KnownPart(part.name, part.pid, part.host, part.port, str(part.log))
                    for part in sandbox.parts
                )
                state = State(os.getpid(), endpoints, parts)
                place.write(state)
                on_ready(state)
                _watch(sandbox, ended)
            finally:
                sandbox.down()


@contextmanager
def _ending() -> Iterator[Event]:
    """Turn SIGTERM and SIGINT into an event; the first of them also ends what the main thread waits for."""
    ended = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        if not ended.is_set():
            ended.set()
            raise _Ended

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield ended
    except _Ended:
        return
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(sandbox: Sandbox, ended: Event) -> None:
    """Wait for the end; log a part that ends before."""
    gone: set[str] = set()
    while not ended.wait(_LOOK_EVERY_S):
        for part in sandbox.parts:
            if part.pid is None and part.name not in gone:
                gone.add(part.name)
                _log.warning("a part ended by itself", part=part.name, log=str(part.log))


def _say(**what: object) -> None:
    with _say_lock:  # parts start in threads, and print would write a line in two pieces
        sys.stdout.write(f"{json.dumps(what)}\n")
        sys.stdout.flush()


def _say_progress(progress: Progress) -> None:
    _say(progress=asdict(progress))


def _main() -> int:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        supervise(
            Request(**json.loads(sys.argv[1])),
            on_progress=_say_progress,
            on_ready=lambda state: _say(ready=asdict(state)),
        )
    except BrokenPipeError:
        _log.warning("the command that wanted this sandbox is gone")
        return 1
    except DealwireError as error:
        _say(error={"kind": type(error).__name__, "what": error.what, "on": error.on, "todo": error.todo})
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(_main())

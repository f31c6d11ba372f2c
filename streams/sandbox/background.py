"""Starts and stops a sandbox that outlives the command that asked for it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict

from connectors.kafka.broker.progress import OnProgress, Progress
from schemas import errors
from schemas.errors import DealwireError, UnavailableError
from streams.sandbox.state import Place, State
from streams.sandbox.supervisor import Request

__all__ = ["bring_down", "bring_up"]

_STOP_WITHIN_S = 60.0


def bring_up(request: Request, place: Place, on_progress: OnProgress) -> State:
    """Start a sandbox in a process of its own and return when it is ready.

    Raises:
        DealwireError: it did not start; the same error as in the other process.

    """
    place.folder.mkdir(parents=True, exist_ok=True)
    log = place.folder / "sandbox.log"
    command = [sys.executable, "-m", "streams.sandbox.supervisor", json.dumps(asdict(request))]
    with log.open("ab") as output:
        supervisor = subprocess.Popen(  # noqa: S603  # our own module
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
            text=True,
        )
    try:
        _follow(supervisor.stdout or (), on_progress)
    except BaseException:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()
        raise
    finally:
        if supervisor.stdout is not None:
            supervisor.stdout.close()
    state = place.read()
    if state is None or state.endpoints is None:
        raise UnavailableError("the sandbox ended before it was ready", on=str(log), todo="Read that log.")
    return state


def _follow(lines: Iterable[str], on_progress: OnProgress) -> None:
    """Read what the supervisor says until it is ready or has ended."""
    for line in lines:
        said = json.loads(line)
        if "progress" in said:
            on_progress(Progress(**said["progress"]))
        elif "ready" in said:
            return
        elif "error" in said:
            error = said["error"]
            kind: type[DealwireError] = getattr(errors, error["kind"])
            raise kind(error["what"], on=error["on"], todo=error["todo"])


def bring_down(place: Place) -> bool:
    """End the sandbox that runs at this place; return whether one ran.

    Raises:
        UnavailableError: it does not end, even when killed.

    """
    state = place.read()
    if state is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(state.pid, number)
        if place.wait_free(within_s=_STOP_WITHIN_S):
            return True
    raise UnavailableError("the sandbox does not end", on=f"process {state.pid}", todo="End it yourself.")

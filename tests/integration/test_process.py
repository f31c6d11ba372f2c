"""Child processes end when they should, and only then."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import psutil
import pytest

from connectors.kafka.broker import guard, process
from connectors.kafka.broker.process import Child, poll_until
from schemas.errors import UnavailableError

PYTHON = sys.executable
ENDLESS = "import time; print('begun', flush=True); time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {ENDLESS}"


def _begun(child: Child) -> bool:
    return "begun" in child.tail()


@pytest.mark.parametrize(("end", "script"), [("stop", ENDLESS), ("kill", ENDLESS), ("stop", DEAF)])
def test_starts_stops_and_starts_again(tmp_path: Path, end: str, script: str) -> None:
    child = Child("it", [PYTHON, "-c", script], log=tmp_path / "it.log")
    for _ in range(2):
        child.start()
        child.wait_ready(lambda: _begun(child), within_s=20)
        known = psutil.Process(child.pid)
        child.start()  # runs already
        assert child.pid == known.pid
        if end == "stop":
            child.stop(within_s=0.5)
        else:
            child.kill()
        assert child.pid is None
        assert not known.is_running()
    child.stop()


def test_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    child = Child("it", [PYTHON, "-c", ENDLESS], log=tmp_path / "it.log")
    thread = Thread(target=child.start)
    thread.start()
    thread.join()
    child.wait_ready(lambda: _begun(child), within_s=20)
    assert child.running
    child.kill()


def test_says_how_it_ended_and_shows_its_log(tmp_path: Path) -> None:
    child = Child("it", [PYTHON, "-c", "print('no luck'); raise SystemExit(3)"], log=tmp_path / "it.log")
    child.start()
    with pytest.raises(UnavailableError, match=r"(?s)it ended with code 3.*no luck"):
        child.wait_ready(lambda: False, within_s=20)
    assert child.wait_end(within_s=1) == 3


def test_is_not_waited_for_without_end(tmp_path: Path) -> None:
    child = Child("it", [PYTHON, "-c", ENDLESS], log=tmp_path / "it.log")
    child.start()
    with pytest.raises(UnavailableError, match=r"not ready within 0\.1 s"):
        child.wait_ready(lambda: False, within_s=0.1)
    with pytest.raises(UnavailableError, match=r"did not end within 0\.1 s"):
        child.wait_end(within_s=0.1)
    assert not child.running


def test_a_log_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_KEEP_LOG_BYTES", 10)
    for text in ("the first run", "the second run", "the third run"):
        child = Child("it", [PYTHON, "-c", f"print({text!r})"], log=tmp_path / "it.log")
        child.start()
        child.wait_end(within_s=20)
    assert (tmp_path / "it.log").read_text() == "the third run\n"
    assert (tmp_path / "it.1.log").read_text() == "the second run\n"


_PARENT = """
import pathlib, sys
from connectors.kafka.broker.process import Child
child = Child("it", [sys.executable, "-c", sys.argv[2]], log=pathlib.Path(sys.argv[1]))
child.start()
child.wait_ready(lambda: "begun" in child.tail(), within_s=20)
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("script", [ENDLESS, DEAF])
def test_ends_with_its_parent(tmp_path: Path, number: signal.Signals, script: str) -> None:
    with subprocess.Popen(  # noqa: S603  # our own script
        [PYTHON, "-c", _PARENT, str(tmp_path / "it.log"), script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(number)
        parent.wait(20)
    assert poll_until(lambda: not child.is_running(), within_s=10)


# The way of systems other than Linux: a process between parent and child that watches a pipe.
_ELSEWHERE = """
import runpy, sys
sys.platform = "other"
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("how", ["parent gone", "asked to stop", "by itself"])
def test_ends_with_its_parent_elsewhere(how: str) -> None:
    script = "print('begun', flush=True); raise SystemExit(5)" if how == "by itself" else ENDLESS
    with subprocess.Popen(  # noqa: S603  # our own script
        [PYTHON, "-c", _ELSEWHERE, guard.__file__, str(os.getpid()), PYTHON, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as guarding:
        assert guarding.stdin is not None
        assert guarding.stdout is not None
        assert guarding.stdout.readline() == b"begun\n"
        below = psutil.Process(guarding.pid).children() if how != "by itself" else []
        if how == "parent gone":
            guarding.stdin.close()
        elif how == "asked to stop":
            guarding.terminate()
        code = guarding.wait(20)
    assert (
        code == {"parent gone": -signal.SIGKILL, "asked to stop": -signal.SIGTERM, "by itself": 5}[how] % 256
    )
    assert not any(child.is_running() for child in below)

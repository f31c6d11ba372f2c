"""`dealwire sandbox` as a person types it: what starts, what others know of it, and that it always ends."""

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from connectors.email.catcher.faults import Fault, Moment
from connectors.kafka.broker.process import poll_until
from schemas.errors import ExitCode, UsageError
from streams.sandbox.background import bring_down
from streams.sandbox.sandbox import Sandbox
from streams.sandbox.state import Place, State
from tests.fixtures.sandbox import required

pytestmark = [pytest.mark.kafka, pytest.mark.registry]

DEALWIRE = str(Path(sys.executable).with_name("dealwire"))


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own command
        [DEALWIRE, "sandbox", *arguments, "--dir", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        stdin=subprocess.DEVNULL,
    )


def _send_mail(port: int, to: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.sendmail("from@x.test", [to], f"Subject: For {to}\r\n\r\nHello {to}\r\n")


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _all_gone(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


@pytest.fixture
def folder(tmp_path: Path, kafka: str) -> Iterator[Path]:
    """A place for a sandbox; whatever runs there afterwards is ended. `kafka` shows that one can be had."""
    assert kafka
    yield tmp_path / ".dealwire"
    bring_down(Place(tmp_path / ".dealwire"))


def test_a_life_in_commands(folder: Path) -> None:
    assert _run(folder, "status").returncode == ExitCode.UNAVAILABLE
    assert "No sandbox" in _run(folder, "down").stdout

    up = _run(folder, "up")
    assert up.returncode == 0, up.stderr
    assert f"DEALWIRE_CONFIG={folder / 'sandbox.toml'}" in up.stdout.replace("\n", "")
    known = json.loads(_run(folder, "status", "--json").stdout)
    assert [part["name"] for part in known["parts"]] == ["kafka-0", "registry", "mail"]
    assert all(part["answers"] for part in known["parts"])

    again = _run(folder, "up")
    assert again.returncode == 0
    assert json.loads(_run(folder, "status", "--json").stdout)["pid"] == known["pid"]
    assert _run(folder, "up", "--brokers", "3").returncode == ExitCode.USAGE
    foreground = _run(folder, "up", "--foreground")
    assert foreground.returncode == ExitCode.USAGE
    assert "already runs" in foreground.stderr

    _send_mail(known["endpoints"]["smtp_port"], "ann@x.test")
    _send_mail(known["endpoints"]["smtp_port"], "bob@x.test")
    assert "For ann@x.test" in _run(folder, "mail").stdout
    assert "Hello bob@x.test" in _run(folder, "mail", "show", "2").stdout
    assert _run(folder, "mail", "show", "3").returncode == ExitCode.USAGE
    assert "Kafka Server started" in _run(folder, "logs", "kafka").stdout
    assert _run(folder, "logs", "nothing").returncode == ExitCode.USAGE

    family = _family(known["pid"])
    assert len(family) == 4
    assert _run(folder, "down").returncode == 0
    assert _all_gone(family)
    assert not (folder / "sandbox.json").exists()
    assert [mail["to"] for mail in json.loads(_run(folder, "mail", "--json").stdout)] == [
        ["ann@x.test"],
        ["bob@x.test"],
    ]
    assert _run(folder, "reset").returncode == ExitCode.INCOMPLETE  # nobody said yes
    assert (folder / "sandbox").exists()
    assert _run(folder, "reset", "--yes").returncode == 0
    assert not (folder / "sandbox").exists()


def test_everything_ends_when_the_supervisor_is_killed(folder: Path) -> None:
    assert _run(folder, "up").returncode == 0
    known = Place(folder).read()
    assert known is not None
    family = _family(known.pid)
    assert len(family) == 4
    os.kill(known.pid, signal.SIGKILL)
    assert poll_until(lambda: _all_gone(family), within_s=10)
    assert (folder / "sandbox.json").exists()  # stale, and known to be
    assert _run(folder, "status").returncode == ExitCode.UNAVAILABLE
    assert _run(folder, "up").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_it_ends_with_ctrl_c(folder: Path, number: signal.Signals) -> None:
    command = [DEALWIRE, "sandbox", "up", "--foreground", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own command
        assert process.stdout is not None
        assert any("Ctrl-C" in line for line in process.stdout)
        family = _family(process.pid)
        assert len(family) == 4
        process.send_signal(number)
        assert process.wait(30) == 0
    assert _all_gone(family)


def test_ctrl_c_while_it_starts_leaves_nothing(folder: Path) -> None:
    with subprocess.Popen(  # noqa: S603  # our own command
        [DEALWIRE, "sandbox", "up", "--dir", str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert any("registry: starting" in line for line in process.stdout)
        assert poll_until(lambda: Place(folder).read() is not None, within_s=10)
        state = Place(folder).read()
        assert state is not None
        family = _family(state.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == ExitCode.INCOMPLETE
    assert Place(folder).is_free()
    assert poll_until(lambda: _all_gone(family), within_s=5)


def test_a_port_that_is_taken_is_named_and_nothing_is_left(folder: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        refused = _run(folder, "up", "--registry-port", str(port))
    assert refused.returncode == ExitCode.UNAVAILABLE
    assert f"127.0.0.1:{port}" in refused.stderr
    assert Place(folder).is_free()


def test_parts_fail_and_come_back_one_by_one(tmp_path: Path) -> None:
    with required(), Sandbox(tmp_path) as sandbox:
        before = sandbox.endpoints
        sandbox.mail.script([Fault(recipient="ann@*", at=Moment.RECIPIENT, reply="550 5.1.1 gone")])

        def refused() -> bool:
            try:
                _send_mail(before.smtp_port, "ann@x.test")
            except smtplib.SMTPRecipientsRefused:
                return True
            return False

        assert poll_until(refused, within_s=5)
        for part in (sandbox.mail, sandbox.registry):
            part.kill()
            assert part.pid is None
            part.start()
        sandbox.kafka.kill(0)
        sandbox.kafka.restart(0)
        assert sandbox.endpoints == before
        assert refused()
        sandbox.mail.script([])
        assert poll_until(lambda: not refused(), within_s=5)
        assert sandbox.mail.mailbox.mails()[-1].recipients == ("ann@x.test",)


def test_one_place_has_one_owner(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert place.is_free()
    assert place.read() is None
    with place.owned():
        place.write(State(1))
        assert place.read() == State(1)
        with pytest.raises(UsageError), Place(tmp_path).owned():
            pass
        assert not place.wait_free(within_s=0)
    assert place.is_free()
    assert place.read() is None

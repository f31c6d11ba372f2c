"""The whole path by the commands a person types, on one deployment that several tests look at."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from connectors.kafka.broker.process import poll_until
from processors.ledger import Move, balance
from schemas.errors import UnavailableError
from streams.local.approver import Approver
from streams.local.deployment import Deployment, Plan
from streams.local.mover import PATH, Mover
from streams.local.observe import Observer
from tests.fixtures.sandbox import required

ROOT = Path(__file__).parents[2]
WON = frozenset(PATH[-1:])
DEALS = 5

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Deployment, list[Move]]]:
    """Everything runs, five deals were closed, and all of them have arrived."""
    deployment = Deployment(tmp_path_factory.mktemp("pipeline"), Plan(deals=50, history=True))
    with deployment:
        with required():
            deployment.up([ROOT / "examples"])
        mover = Mover(deployment.org)
        moves = [mover.move(deal, PATH[-1]) for deal in mover.open_deals(DEALS)]
        observer, approver = Observer(deployment), Approver(deployment)

        def whole() -> bool:
            approver.answer_all()
            return balance(moves, WON, observer.observe()).whole()

        assert poll_until(whole, within_s=60)
        assert observer.dead_letters() == 0
        yield deployment, moves


def test_runs_are_listed_and_shown_with_their_steps(closed: tuple[Deployment, list[Move]]) -> None:
    deployment, moves = closed
    completed: list[dict[str, Any]] = []

    def all_listed() -> bool:
        completed[:] = json.loads(deployment.run("runs", "list", "--json", "--status", "completed"))["runs"]
        return {run["opportunity_id"] for run in completed} == {move.opportunity_id for move in moves}

    assert poll_until(all_listed, within_s=20)  # the history follows the topic
    assert {run["stage"] for run in completed} == {PATH[-1]}
    (shown,) = [
        run
        for run in json.loads(deployment.run("runs", "show", completed[0]["run_id"], "--json"))
        if run["status"] == "completed"
    ]
    assert shown["steps"][0]["step_id"] == "fetch"
    assert all(step["status"] == "completed" and step["ended_at"] for step in shown["steps"])
    page = deployment.run("runs", "show", completed[0]["run_id"][:8])
    assert completed[0]["opportunity_id"] in page


def test_runs_are_watched_on_a_terminal_until_ctrl_c(closed: tuple[Deployment, list[Move]]) -> None:
    deployment, moves = closed
    ours, theirs = os.openpty()
    os.set_blocking(ours, False)
    watching = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "streams", "--config", str(deployment.settings_file), "runs", "watch"],
        stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "COLUMNS": "200", "TERM": "xterm"},
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown = bytearray()

    def all_on_the_screen() -> bool:
        with suppress(BlockingIOError):
            shown.extend(os.read(ours, 2**20))
        text = shown.decode(errors="replace")
        return f"{len(moves)} completed" in text and all(move.opportunity_id in text for move in moves)

    try:
        assert poll_until(all_on_the_screen, within_s=30), shown.decode(errors="replace")[-2000:]
        assert watching.poll() is None, "it looks on until it is told to stop"
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 0
    finally:
        watching.kill()
        watching.wait()
        os.close(ours)
    assert b"Traceback" not in shown


def test_the_cluster_agrees_with_the_table(closed: tuple[Deployment, list[Move]]) -> None:
    deployment, _ = closed
    assert deployment.run("topics", "check").strip() == ""
    assert "agrees" in deployment.run("topics", "plan")


def test_definitions_applied_again_write_nothing(closed: tuple[Deployment, list[Move]]) -> None:
    deployment, _ = closed
    assert "0 control records written" in deployment.run("apply", "-f", str(ROOT / "examples"))
    assert "automated-creation" in deployment.run("workflows", "list")


def test_queues_tell_who_has_what_and_people_are_paused(closed: tuple[Deployment, list[Move]]) -> None:
    deployment, moves = closed
    listed = json.loads(deployment.run("queues", "list", "--json"))
    assert {"onboarding", "enterprise-csms", "smb-pool"} == {each["name"] for each in listed}
    shown = [json.loads(deployment.run("queues", "show", each["name"], "--json")) for each in listed]
    held = sum(load["open"] for each in shown for org in each["orgs"] for load in org["loads"])
    assert held == len(moves)

    ada = "ada.osei@thread.example"
    said = deployment.run("queues", "pause", ada, "--until", "2999-12-31", "--reason", "on leave")
    assert f"{ada} is paused until 2999-12-31 in onboarding." in said
    assert "paused: on leave" in " ".join(deployment.run("queues", "show", "onboarding").split())
    assert "Ada Osei" in deployment.run("queues", "list")
    assert "is back" in deployment.run("queues", "resume", ada)
    assert "was not paused" in deployment.run("queues", "resume", ada)
    with pytest.raises(UnavailableError, match="ended with 64") as caught:
        deployment.run("queues", "pause", "ada.ossei@thread.example")
    assert f"Did you mean {ada}?" in str(caught.value)


def test_the_secret_is_nowhere_in_files_or_logs(closed: tuple[Deployment, list[Move]]) -> None:
    deployment, _ = closed
    secret = str(deployment.org["client_secret"]).encode()
    written = [path for path in deployment.folder.rglob("*") if path.is_file() and path.name != "org.log"]
    assert len(written) > 10
    assert [str(path) for path in written if secret in path.read_bytes()] == []


def test_an_unknown_run_says_what_to_type(closed: tuple[Deployment, list[Move]]) -> None:
    deployment, _ = closed
    with pytest.raises(UnavailableError, match="ended with 64") as caught:
        deployment.run("runs", "show", "nobody")
    assert "dealwire runs list" in str(caught.value)


@pytest.mark.parametrize("source", ["cometd", "poll"])
def test_the_unattended_demo_ends_well_and_leaves_nothing_running(tmp_path: Path, source: str) -> None:
    command = [sys.executable, "-m", "streams", "demo", "--deals", "3", "--exit", "--source", source]
    with required():
        done = subprocess.run(  # noqa: S603 - our own command
            command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=180,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "what came of it" in done.stdout
    left = [
        process.info["name"]
        for process in psutil.process_iter(["name", "cmdline"])
        if any(str(tmp_path) in part for part in process.info["cmdline"] or ())
    ]
    assert left == []

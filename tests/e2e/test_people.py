"""People in runs, by the commands they type: approve, reject, answer too late, put right what went wrong."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.kafka.broker.process import poll_until
from schemas.errors import ExitCode
from streams.local.deployment import Deployment, Plan
from streams.local.mover import PATH, Mover
from tests.fixtures.sandbox import required

pytestmark = [pytest.mark.slow, pytest.mark.long]

BOSS = "boss@thread.example"
WORKFLOWS = """
kind: workflow
name: gate
title: A gate
status: active
trigger: {stages: [Closed Won]}
steps:
  - {id: gate, type: approval, to: [boss@thread.example], title: "Approve {{ deal.name }}", rejected: 'no'}
  - {id: mail, type: send_email, to: [deal.next_step], email: told}
  - {id: 'yes', type: end, outcome: ready}
  - {id: 'no', type: end, outcome: rejected}
---
{kind: email, name: told, subject: Ready, text: "{{ deal.name }}"}
"""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("people")
    definitions = folder / "gate.yaml"
    definitions.write_text(WORKFLOWS)
    deployment = Deployment(folder / "deployment", Plan(deals=50))
    with deployment:
        with required():
            deployment.up([definitions])
        yield deployment


class Deal:
    """One deal that was won, with somebody to tell or nobody, and its task."""

    def __init__(self, deployment: Deployment, number: int) -> None:
        self.deployment = deployment
        self.mover = Mover(deployment.org)
        self.id = sorted(self.mover.open_deals(20))[number]
        self.mover.move(self.id, PATH[-1])
        assert poll_until(lambda: self._task() is not None, within_s=60)
        task = self._task()
        assert task is not None
        self.task: str = task["id"]

    def _task(self) -> dict[str, Any] | None:
        tasks = json.loads(self.deployment.run("tasks", "list", "--as", BOSS, "--json"))
        return next((each for each in tasks if each["opportunity_id"] == self.id), None)

    def says(self, next_step: str) -> None:
        """Put an address into the deal's next step, by the org's own REST."""
        url = f"{self.mover._base}/sobjects/Opportunity/{self.id}"
        headers = {**self.mover._headers, "Content-Type": "application/json"}
        body = json.dumps({"NextStep": next_step}).encode()
        request = urllib.request.Request(url, method="PATCH", data=body, headers=headers)  # noqa: S310
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310

    def run(self) -> dict[str, Any]:
        (story,) = json.loads(self.deployment.run("runs", "show", self.id, "--json"))
        return dict(story)

    def comes_to(self, status: str) -> dict[str, Any]:
        assert poll_until(lambda: self.run()["status"] == status, within_s=120), self.run()
        return self.run()


def refused(deployment: Deployment, *words: str) -> tuple[int, str]:
    """Give exit code and words of a command that is not expected to end well."""
    command = [sys.executable, "-m", "streams", "--config", str(deployment.settings_file), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)  # noqa: S603
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_an_approval_waits_is_answered_once_and_the_run_completes(deployment: Deployment) -> None:
    deal = Deal(deployment, 0)
    deal.says("csm@thread.example")
    assert "waits for boss@thread.example" in deployment.run("runs", "explain", deal.id)
    code, said = refused(deployment, "tasks", "approve", deal.task, "--as", "eve@thread.example")
    assert (code, "eve@thread.example is not asked" in said) == (ExitCode.REFUSED, True)

    assert "approved by boss" in deployment.run("tasks", "approve", deal.task[:8], "--as", BOSS)

    code, said = refused(deployment, "tasks", "approve", deal.task, "--as", BOSS)
    assert (code, "already done: approved by boss@thread.example" in said) == (ExitCode.REFUSED, True)
    assert deal.comes_to("needs attention")  # the deal was read before it said whom to tell
    assert "deal.next_step" in deployment.run("runs", "explain", deal.id)
    code, said = refused(deployment, "runs", "start", deal.id)
    assert (code, "not held" in said) == (ExitCode.REFUSED, True)

    assert "would be done" in deployment.run("runs", "retry", "--workflow", "gate", "--dry-run")
    assert "1 done" in deployment.run(
        "runs", "retry", "--workflow", "gate", "--yes", "--as", "ops@thread.example"
    )
    completed = deal.comes_to("completed")
    assert completed["outcome"] == "ready"
    assert {each["actor"] for each in completed["others"] if each["actor"]} >= {BOSS, "ops@thread.example"}
    assert "ended" in deployment.run("runs", "explain", deal.id)


def test_a_rejection_needs_its_reason_and_ends_the_run(deployment: Deployment) -> None:
    deal = Deal(deployment, 1)
    code, said = refused(deployment, "tasks", "reject", deal.task, "--as", BOSS)
    assert (code, "needs its reason" in said) == (ExitCode.REFUSED, True)
    assert "rejected by boss" in deployment.run(
        "tasks", "reject", deal.task, "--as", BOSS, "--reason", "no credit"
    )
    assert deal.comes_to("rejected")["outcome"] == "rejected"
    assert "no credit" in deployment.run("tasks", "show", deal.task)
    code, said = refused(deployment, "runs", "cancel", deal.id)
    assert (code, "has ended" in said) == (ExitCode.REFUSED, True)


def test_a_run_is_cancelled_and_its_task_with_it(deployment: Deployment) -> None:
    deal = Deal(deployment, 2)
    deployment.run("runs", "cancel", deal.id, "--reason", "typed by mistake")
    code, said = refused(deployment, "tasks", "approve", deal.task, "--as", BOSS)
    assert (code, "cancelled: typed by mistake" in said) == (ExitCode.REFUSED, True)


def test_without_a_worker_a_command_is_under_way(deployment: Deployment) -> None:
    deal = Deal(deployment, 3)
    deployment.children["worker"].stop()
    code, said = refused(deployment, "tasks", "approve", deal.task, "--as", BOSS)
    assert (code, "Not answered yet" in said) == (ExitCode.TEMPORARY, True)
    deployment.start("worker")
    deal.comes_to("needs attention")

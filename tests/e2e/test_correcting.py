"""Runs put right, versions put in force and away, drafts tried out: by command, on one deployment."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.broker.process import poll_until
from schemas.errors import ExitCode
from streams.local.deployment import ORG, Deployment, Plan
from streams.local.mover import PATH, Mover
from tests.fixtures.sandbox import required
from tests.fixtures.typed import Typed, typed

pytestmark = pytest.mark.slow

BOSS, CSM = "boss@thread.example", "csm@thread.example"
FIRST = """
kind: workflow
name: gate
status: active
trigger: {stages: [Closed Won]}
steps:
  - {id: gate, type: approval, to: [boss@thread.example], title: "Approve {{ deal.name }}", rejected: 'no'}
  - {id: mail, type: send_email, to: [deal.next_step], email: told}
  - {id: 'yes', type: end, outcome: ready}
  - {id: 'no', type: end, outcome: rejected}
---
{kind: email, name: told, subject: "Ready: {{ deal.name }}", text: "{{ run.id }}"}
"""
SECOND = FIRST.replace("id: gate,", "id: check,").replace("outcome: ready", "outcome: checked")
THIRD = SECOND.replace("outcome: checked", "outcome: third")
DRAFT = """
kind: workflow
name: gate
trigger: {stages: [Closed Won], filter: deal.amount < 0.0}
steps:
  - {id: done, type: end, outcome: ready}
"""


class House:
    """A deployment, deals in it that were won, and what is typed about them."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.mover = Mover(deployment.org)
        self.open = sorted(self.mover.open_deals(40))

    def type(self, *words: str) -> Typed:
        return typed(self.deployment, *words)

    def done(self, *words: str) -> str:
        answer = self.type(*words)
        assert answer.code == 0, answer.said
        return answer.said

    def refused(self, *words: str) -> str:
        answer = self.type(*words)
        assert answer.code == ExitCode.REFUSED, answer
        return answer.said

    def apply(self, text: str) -> str:
        file = self.file(text)
        return self.done("apply", "-f", str(file))

    def file(self, text: str) -> Path:
        file = self.deployment.folder / "applied.yaml"
        file.write_text(text)
        return file

    def won(self, count: int, next_step: str = "") -> list[str]:
        """Let so many deals be won, and give them when their runs wait at the approval."""
        deals = [self.open.pop(0) for _ in range(count)]
        for deal in deals:
            if next_step:
                self.say_next_step(deal, next_step)
        self.mover.move_many(deals, PATH[-1])
        assert poll_until(lambda: set(deals) <= set(self.tasks()), within_s=60), self.tasks()
        return deals

    def first(self, answer: str) -> str:
        """Let deals be won until one is explained so: a worker first has to read the control topic."""
        said: list[str] = []
        for _ in range(10):
            deal = self.open.pop(0)
            self.mover.move(deal, PATH[-1])

            def settled(of: str = deal) -> bool:
                said.append(self.type("runs", "explain", of).said)
                return any(each in said[-1] for each in ("is not active", "waits for boss"))

            poll_until(settled, within_s=20)
            if answer in said[-1]:
                return deal
        raise AssertionError(said)

    def say_next_step(self, deal: str, text: str) -> None:
        """Put an address into the deal's next step, by the org's own REST."""
        url = f"{self.mover._base}/sobjects/Opportunity/{deal}"
        headers = {**self.mover._headers, "Content-Type": "application/json"}
        body = json.dumps({"NextStep": text}).encode()
        request = urllib.request.Request(url, method="PATCH", data=body, headers=headers)  # noqa: S310 - of ours
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - the same

    def tasks(self) -> dict[str, str]:
        """Give the open task of each deal."""
        listed = json.loads(self.type("tasks", "list", "--as", BOSS, "--json").out)
        return {each["opportunity_id"]: each["id"] for each in listed}

    def approve(self, deal: str) -> None:
        assert "approved by boss" in self.done("tasks", "approve", self.tasks()[deal], "--as", BOSS)

    def run(self, deal: str) -> dict[str, Any]:
        (story,) = json.loads(self.type("runs", "show", deal, "--json").out)
        return dict(story)

    def comes_to(self, deal: str, status: str) -> dict[str, Any]:
        assert poll_until(lambda: self.run(deal)["status"] == status, within_s=60), self.run(deal)
        return self.run(deal)

    def mails(self, run_id: str) -> int:
        mails = self.deployment.sandbox.mail.mailbox.mails()
        return sum(run_id in str(mail.message.get_content()) for mail in mails)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("correcting")
    definitions = folder / "gate.yaml"
    definitions.write_text(FIRST)
    deployment = Deployment(folder / "deployment", Plan(deals=80))
    with deployment:
        with required():
            deployment.up([definitions])
        yield House(deployment)


def test_runs_are_retried_skipped_rerun_and_cancelled(house: House) -> None:
    mended, skipped, cancelled = house.won(3)
    house.approve(mended)
    house.approve(skipped)
    for deal in (mended, skipped):  # nobody says whom to tell
        house.comes_to(deal, "needs attention")

    house.say_next_step(mended, CSM)
    assert "would be done" in house.done("runs", "retry", mended, "--dry-run")
    house.done("runs", "retry", mended, "--reason", "the deal says whom to tell")
    run = house.comes_to(mended, "completed")
    assert (run["outcome"], house.mails(run["run_id"])) == ("ready", 1)

    assert "has no step nowhere" in house.refused("runs", "rerun", mended, "--from", "nowhere").replace(
        "'", ""
    )
    house.done("runs", "rerun", mended, "--from", "mail", "--as", "ops@thread.example")
    assert poll_until(lambda: _ended(house.run(mended)) == 2, within_s=60), house.run(mended)
    assert house.mails(run["run_id"]) == 1, "what was done is not done twice"
    house.done("runs", "rerun", mended, "--from", "mail", "--again", "--reason", "it was lost")
    assert poll_until(lambda: house.mails(run["run_id"]) == 2, within_s=60)

    house.done("runs", "skip", skipped, "--reason", "told by telephone")
    assert house.mails(house.comes_to(skipped, "completed")["run_id"]) == 0

    task = house.tasks()[cancelled]
    assert "an approval is not skipped" in house.refused("runs", "skip", cancelled)
    house.done("runs", "cancel", cancelled, "--reason", "typed by mistake")
    assert "cancelled: typed by mistake" in house.refused("tasks", "approve", task, "--as", BOSS)
    assert "has ended" in house.refused("runs", "cancel", cancelled)


def test_versions_are_activated_migrated_to_deleted_and_retired(house: House) -> None:
    moved, pinned = house.won(2, CSM)
    house.apply(SECOND)
    # A worker hears of a version when it has read the control topic, which takes it a moment.
    no_step = "say which one takes its place"
    assert poll_until(lambda: no_step in house.refused("runs", "migrate", moved, "--to", "2"), within_s=30)
    house.done("runs", "migrate", moved, "--to", "2", "--map", "gate=check")
    house.approve(moved)
    run = house.comes_to(moved, "completed")
    assert (run["outcome"], run["workflow_version"]) == ("checked", 2)

    said = house.refused("workflows", "delete", "gate", "--version", "1")
    assert f"1 runs of it are open: {house.run(pinned)['run_id'][:8]} (waiting person)" in said
    assert "the version is active" in house.refused("workflows", "delete", "gate", "--version", "2")
    house.approve(pinned)
    assert house.comes_to(pinned, "completed")["workflow_version"] == 1
    assert "v1 is deleted" in house.done("workflows", "delete", "gate", "--version", "1")
    answer = house.type("workflows", "activate", "gate", "--version", "1")
    assert (answer.code, "has no v1" in answer.said) == (ExitCode.USAGE, True)
    assert "v1 of gate was deleted" in house.refused("runs", "rerun", pinned)

    assert "it starts no more runs" in house.done("workflows", "retire", "gate")
    late = house.first("gate v2 is not active; Closed Won would start it")
    assert "v2 is active now" in house.done("workflows", "activate", "gate")
    assert house.run(house.first("waits for boss"))["workflow_version"] == 2
    said = house.done("runs", "explain", late)
    assert "gate did not start: the deal entered Closed Won" in said


@pytest.mark.long
def test_a_version_that_is_deleted_while_runs_begin_leaves_none_that_nobody_can_end(house: House) -> None:
    """The check and the start cross: either the delete is refused, or each run that slipped in is ended."""
    house.apply(THIRD)
    latest = 3
    crossed = [house.open.pop(0) for _ in range(6)]
    assert "v2 is active now" in house.done("workflows", "activate", "gate", "--version", "2")
    house.mover.move_many(crossed, PATH[-1])
    house.done("workflows", "activate", "gate", "--version", str(latest))
    answer = house.type("workflows", "delete", "gate", "--version", "2")
    assert answer.code in (0, ExitCode.REFUSED), answer
    gone = answer.code == 0

    assert poll_until(lambda: all(_runs(house, deal) for deal in crossed), within_s=60)
    assert poll_until(lambda: set(crossed) <= set(house.tasks()) or gone, within_s=60)
    runs = [run for deal in crossed for run in _runs(house, deal)]
    assert len(runs) == len(crossed), "each deal began one run"
    for run in runs:
        if gone and run["workflow_version"] == 2:
            house.done("runs", "cancel", run["run_id"], "--reason", "its version is gone")
        else:
            house.approve(run["opportunity_id"])
    (after,) = house.won(1)
    assert house.run(after)["workflow_version"] == latest, "the worker goes on"


def test_a_draft_is_tried_on_a_live_deal_and_on_what_was_recorded(house: House) -> None:
    (deal,) = house.won(1, CSM)
    draft, before = str(house.file(DRAFT)), len(house.tasks())
    live = json.loads(
        house.type("workflows", "test", draft, "--opportunity", deal, "--org", ORG, "--json").out
    )
    assert "not enrolled" in json.dumps(live)
    recorded = json.loads(house.type("workflows", "test", draft, "--history", "1d", "--json").out)
    assert recorded["unreadable"] == 0
    assert sum(row["count"] for row in recorded["rows"]) >= 1
    assert "not enrolled" in json.dumps(recorded["rows"])
    assert len(house.tasks()) == before, "with effects off"


def _ended(run: dict[str, Any]) -> int:
    return sum(each["kind"] == "run.completed" for each in run["others"])


def _runs(house: House, deal: str) -> list[dict[str, Any]]:
    return list(json.loads(house.type("runs", "show", deal, "--json").out or "[]"))

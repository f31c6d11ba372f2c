"""`dealwire workflows show|diff|activate|retire|delete`, with a control topic and a history in memory."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors.history.memory import MemoryRunHistory
from connectors.ports import SystemClock
from processors.catalogue import Catalogue
from processors.lint_org import OrgFacts
from processors.run_summary import summarize
from processors.yaml_documents import parse
from schemas.control import ControlRecord
from schemas.errors import DefinitionError, RefusedError, UnavailableError, UsageError
from schemas.history_feed import Slice
from streams import versions as services
from streams.cli import workflows, workflows_versions
from streams.history.topic import TOPIC
from streams.settings import Settings
from tests.fixtures.run_events import an_event
from tests.unit.processors.test_versions import Control, flow


class Deployment:
    """What the commands see of Kafka."""

    def __init__(self) -> None:
        self.control = Control(flow(), flow(condition="deal.is_won"))
        self.history = MemoryRunHistory(summarize)
        self.behind = 0
        self.topic = Settings().kafka.topic(TOPIC.name)

    async def connected(self, _settings: Settings) -> tuple[None, Catalogue]:
        return None, self.control.now

    def write(self, _config: object, _records: object, records: Iterable[ControlRecord]) -> None:
        self.control.records += records

    @asynccontextmanager
    async def opened(self, *_: object) -> AsyncIterator[MemoryRunHistory]:
        await self.history.begin(self.topic, {0: 0}, at=datetime.now(UTC))
        assert await self.history.append([], [Slice(self.topic, 0, 0, 0, self.behind)], at=datetime.now(UTC))
        yield self.history


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    made = Deployment()
    for module in (workflows, workflows_versions):
        monkeypatch.setattr(module, "settings", Settings)
        monkeypatch.setattr(module, "connected", made.connected)
    for name in ("connected", "write", "opened"):
        monkeypatch.setattr(services, name, getattr(made, name))
    return made


def run(*words: str) -> str:
    done = CliRunner().invoke(workflows.app, words, catch_exceptions=False, env={"COLUMNS": "200"})
    assert done.exit_code == 0
    return done.stdout


def test_show_prints_yaml_with_status_and_since(deployment: Deployment) -> None:
    assert deployment.control.active()
    shown = run("show", "flow")
    assert shown.startswith("# flow v2: active since 2026-09-15T08:30:00+00:00\n# versions: v1, v2\n")
    assert "status: active" in shown
    (placed,) = parse(shown, "f")
    assert placed.document.name == "flow"
    older = run("show", "flow", "--version", "1")
    assert "status: draft" in older
    assert "filter: deal.amount != null" in older
    plain: dict[str, Any] = json.loads(run("show", "flow", "--json"))
    assert (plain["version"], plain["status"]) == (2, "active")


def test_show_names_what_there_is(deployment: Deployment) -> None:
    assert deployment.control.active()
    with pytest.raises(UsageError, match="There are: v1, v2"):
        run("show", "flow", "--version", "7")


@pytest.mark.parametrize("words", [["v1", "v2"], ["1", "2"], ["v1"], []])
def test_diff_of_two_versions(deployment: Deployment, words: list[str]) -> None:
    assert deployment.control.active()
    (found,) = json.loads(run("diff", "flow", *words, "--json"))
    assert (found["section"], found["field"]) == ("trigger", "filter")
    shown = run("diff", "flow", *words)
    assert "flow: from v1 to v2" in shown
    assert "deal.is_won" in shown


def test_diff_of_a_file_is_against_what_is_active(deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text(flow(condition="deal.is_won").replace("outcome: ready", "outcome: done"))
    assert json.loads(run("diff", str(file), "--json"))[0]["section"] == "step last"
    deployment.control.activate(1)
    assert [each["section"] for each in json.loads(run("diff", str(file), "--json"))] == [
        "trigger",
        "step last",
    ]
    file.write_text(flow())
    assert "They say the same." in run("diff", str(file))


def test_diff_of_a_wrong_file_says_what_is_wrong(deployment: Deployment, tmp_path: Path) -> None:
    assert deployment.control.active()
    file = tmp_path / "flow.yaml"
    file.write_text(flow().replace("deal.amount > 1.0", "deal.amuont > 1.0"))
    with pytest.raises(DefinitionError, match="amuont"):
        run("diff", str(file))


def test_diff_refuses_what_is_no_version(deployment: Deployment) -> None:
    with pytest.raises(UsageError, match="is no version"):
        run("diff", "flow", "first", "v2")
    with pytest.raises(UsageError, match="nothing before v1"):
        run("diff", "flow", "", "v1")
    assert deployment.control.active()


def test_activate_retire_and_what_list_says(deployment: Deployment) -> None:
    assert "flow v1 is active now in place of v2" in run("activate", "flow", "--version", "1")
    assert "v1" in run("list")
    assert "starts no more runs" in run("retire", "flow")
    assert "retired" in run("list")
    assert deployment.control.active() == []
    assert "flow v2 is active now" in run("activate", "flow")


def test_what_would_be_done_is_not_done(deployment: Deployment) -> None:
    for words in (("activate", "flow", "--version", "1"), ("retire", "flow")):
        assert "flow" in run(*words, "--dry-run")
    assert "deleted" in run("delete", "flow", "--version", "1", "--dry-run")
    ((version, _),) = deployment.control.active()
    assert (version, len(deployment.control.now.deleted)) == (2, 0)


@pytest.mark.parametrize(("stage", "fits"), [("Closed Won", True), ("Won", False)])
def test_a_version_is_held_to_an_org_before_it_is_active(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, stage: str, fits: bool
) -> None:
    async def facts(_settings: Settings, name: str) -> OrgFacts:
        return OrgFacts("00D5g000000Jm5XEAS", name, (stage,), {})

    monkeypatch.setattr(workflows_versions, "org_facts", facts)
    words = ("activate", "flow", "--version", "1", "--org", "main")
    if fits:
        assert "flow v1 is active now" in run(*words)
        return
    with pytest.raises(DefinitionError, match=r"flow v1:1:1: error: .*no active stage 'Closed Won'") as told:
        run(*words)
    assert told.value.todo == "Nothing was activated."
    assert [version for version, _ in deployment.control.active()] == [2]


async def test_delete_says_which_runs_are_open(deployment: Deployment) -> None:
    begun = an_event(1, "run.started", "run-1", workflow_id="flow", workflow_version=1)
    await deployment.history.append([begun], [], at=datetime.now(UTC))
    desk = services.VersionDesk(Settings(), SystemClock())

    async def delete() -> str:
        return (await desk.delete("flow", 1, actor="ada")).what

    with pytest.raises(RefusedError, match=r"1 runs of it are open: run-1 .running."):
        await delete()
    ended = an_event(2, "run.completed", "run-1", workflow_id="flow", workflow_version=1)
    await deployment.history.append([ended], [], at=datetime.now(UTC))
    deployment.behind = 3
    with pytest.raises(UnavailableError, match="3 events behind"):
        await delete()
    deployment.behind = 0
    assert "is deleted" in await delete()
    assert deployment.control.now.deleted == {("flow", 1)}

"""Activating, retiring and deleting versions: what is written, and what is refused."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from processors import versions
from processors.applying import Applied, plan
from processors.catalogue import Catalogue, control_key, fold
from processors.definition_yaml import as_yaml
from processors.lint_library import library
from processors.version_diff import ADDED, CHANGED, REMOVED, Difference, differences
from processors.yaml_documents import parse
from schemas.definition.documents import Workflow, WorkflowVersion
from schemas.errors import RefusedError, UsageError
from schemas.inbox import COMMAND, InboxRecord
from schemas.run import Purpose, Status
from schemas.run_summary import RunSummary
from tests.unit.processors.engine import ROOT, T0, World, catalogue_of, entry, example_catalogue

if TYPE_CHECKING:
    from schemas.control import ControlRecord

FLOW = """\
kind: workflow
name: flow
title: A flow
status: STATUS
trigger: {stages: [Closed Won], filter: FILTER}
steps:
  - {id: first, type: set, values: {big: deal.amount > 1.0}}
  - {id: last, type: end, outcome: ready}
"""
LATER = T0 + timedelta(days=1)


def flow(status: str = "active", condition: str = "deal.amount != null") -> str:
    return FLOW.replace("STATUS", status).replace("FILTER", condition)


class Control:
    """A control topic, written by `apply` and by the commands about versions."""

    def __init__(self, *texts: str) -> None:
        self.records: list[ControlRecord] = []
        for text in texts:
            self.apply(text)

    @property
    def now(self) -> Catalogue:
        latest = {control_key(record): record for record in self.records}
        return fold(latest.values())

    def apply(self, text: str) -> str:
        placed = parse(text, "f")
        found = [each.document for each in placed if isinstance(each.document, Workflow)]
        (done,) = plan(found, library(placed), self.now, at=T0, actor="ada")
        return self.take(done)

    def take(self, done: Applied) -> str:
        self.records += done.records
        return done.what

    def active(self) -> list[tuple[int, str]]:
        return [(each.version.version, each.since.isoformat()) for each in self.now.active()]

    def activate(self, number: int | None = None) -> str:
        return self.take(versions.activate(self.now, "flow", number, at=LATER, actor="ada"))

    def retire(self) -> str:
        return self.take(versions.retire(self.now, "flow", at=LATER, actor="ada"))

    def delete(self, number: int, *runs: RunSummary) -> str:
        return self.take(versions.delete(self.now, "flow", number, runs, at=LATER, actor="ada"))


def summary(run: str, version: int, workflow: str = "flow") -> RunSummary:
    return RunSummary(
        run_id=run, org_id="o", opportunity_id="p", workflow_id=workflow, workflow_version=version
    )


def test_a_draft_is_activated_from_now_on() -> None:
    control = Control(flow("draft"))
    assert versions.status(control.now, "flow") == "draft"
    assert control.activate() == "flow v1 is active now"
    assert control.active() == [(1, LATER.isoformat())]
    assert "already" in control.activate()
    assert len(control.records) == 2, "said again, nothing is written"


def test_an_older_version_takes_the_place_of_the_active_one_since_the_same_moment() -> None:
    control = Control(flow(), flow(condition="deal.is_won"))
    assert control.activate(1) == "flow v1 is active now in place of v2; open runs stay with theirs"
    assert control.active() == [(1, T0.isoformat())]
    assert [versions.status(control.now, "flow", number) for number in (1, 2)] == ["active", "draft"]


def test_what_is_retired_stays_so_until_it_is_activated() -> None:
    control = Control(flow())
    control.retire()
    assert (control.active(), versions.status(control.now, "flow")) == ([], "retired")
    assert "already" in control.retire()
    assert "retired; to bring it back" in control.apply(flow(condition="deal.is_won"))
    assert control.active() == [], "a file that says active does not undo what a person did"
    control.activate()
    assert (control.active(), versions.status(control.now, "flow")) == ([(2, LATER.isoformat())], "active")


def test_a_version_with_open_runs_is_not_deleted() -> None:
    control = Control(flow(), flow(condition="deal.is_won"))
    with pytest.raises(RefusedError, match=r"1 runs of it are open: run-a .running. .flow v1.") as refused:
        control.delete(1, summary("run-a", 1), summary("run-b", 2), summary("run-c", 1, "other"))
    assert "another version" in refused.value.todo
    many = [summary(f"run-{number}", 1) for number in range(12)]
    with pytest.raises(RefusedError, match=r"12 runs of it are open: .* and 2 more"):
        control.delete(1, *many)
    assert len(control.now.versions) == 2


def test_the_active_version_is_not_deleted() -> None:
    with pytest.raises(RefusedError, match="active"):
        Control(flow()).delete(1)


def test_a_deleted_versions_number_is_not_given_again() -> None:
    control = Control(flow("draft"), flow("draft", "deal.is_won"))
    control.delete(2, summary("run-b", 1))
    assert set(control.now.versions) == {("flow", 1)}
    control.apply(flow("draft", "deal.is_closed"))
    assert set(control.now.versions) == {("flow", 1), ("flow", 3)}
    with pytest.raises(UsageError, match="flow has no v2"):
        control.delete(2)


def test_deleting_the_only_version_leaves_no_workflow() -> None:
    control = Control(flow("draft"))
    control.delete(1)
    with pytest.raises(UsageError, match="there is no workflow flow"):
        control.activate()
    assert control.apply(flow()) == "workflow flow: v2 is new, now active"


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean flow"):
        versions.chosen(Control(flow()).now, "flwo", None)


@pytest.fixture
def gone() -> World:
    """A run that has ended, and whose version was deleted since."""
    own = (ROOT / "examples" / "automated-creation.yaml").read_text("utf-8")
    world = World(catalogue_of((ROOT / "examples" / "shared.yaml").read_text("utf-8"), own))
    world.coming.append(entry())
    world.settle()
    run = world.run
    assert run.status is Status.COMPLETED
    world.catalogue = Catalogue(deleted=frozenset({(run.workflow, run.version)}))
    return world


def test_a_run_of_a_deleted_version_cannot_be_run_again(gone: World) -> None:
    refused = gone.say("rerun")
    assert (refused.kind, refused.reason) == ("command.refused", "v1 of automated-creation was deleted")


def test_a_run_of_a_deleted_version_is_forgotten_all_the_same(gone: World) -> None:
    ((run, timer),) = gone.timers(Purpose.FORGET)
    gone.fire(run, timer)
    gone.settle()
    assert (gone.run.account, gone.timers()) == (None, [])


def test_an_open_run_whose_version_is_gone_can_be_cancelled() -> None:
    world = World(example_catalogue())
    world.take(entry())
    held = world.run
    world.catalogue = Catalogue(deleted=frozenset({(held.workflow, held.version)}))
    word = InboxRecord(id="w", org_id=held.org_id, kind=COMMAND, opportunity_id=held.opportunity_id,
                       run_id=held.id, command="cancel", actor="ops@thread.example")  # fmt: skip
    world.coming.clear()
    world.take(word)
    assert world.status() is Status.CANCELLED


def texts() -> list[WorkflowVersion]:
    return [each for _, each in sorted(example_catalogue().versions.items())]


@pytest.mark.parametrize("version", texts(), ids=lambda each: each.name)
def test_what_is_shown_can_be_applied_and_says_the_same(version: WorkflowVersion) -> None:
    written = as_yaml(version, status="draft", heading=f"{version.name}\nin two lines")
    assert written.startswith(f"# {version.name}\n# in two lines\nkind: workflow\nname: {version.name}\n")
    placed = parse(written, "f")
    found = [each.document for each in placed if isinstance(each.document, Workflow)]
    control = Control()
    (done,) = plan(found, library(placed), control.now, at=T0, actor="ada")
    control.take(done)
    again = control.now.versions[version.name, 1]
    assert differences(version, again) == []
    assert again.model_copy(update={"version": version.version, "workflow": version.workflow}) == version


BRANCHED = flow().replace("  - {id: last", "  - {id: between, type: wait, duration: 2d}\n  - {id: last")


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (flow(), []),
        (flow("draft"), []),
        (flow(condition="deal.is_won"),
         [Difference("trigger", CHANGED, "filter", "deal.amount != null", "deal.is_won")]),
        (flow().replace("A flow", "Flow"), [Difference("workflow", CHANGED, "title", "A flow", "Flow")]),
        (BRANCHED, [Difference("step first", CHANGED, "next", "last", "between"),
                    Difference("step between", ADDED)]),
        (flow().replace("big: deal.amount > 1.0", "big: deal.amount > 2.0, won: deal.is_won"),
         [Difference("step first", CHANGED, "values.big", "deal.amount > 1.0", "deal.amount > 2.0"),
          Difference("step first", ADDED, "values.won", None, "deal.is_won")]),
        (flow().replace(", outcome: ready", ""),
         [Difference("step last", REMOVED, "outcome", "ready", None)]),
        (flow().replace("  - {id: first, type: set, values: {big: deal.amount > 1.0}}\n", ""),
         [Difference("workflow", CHANGED, "begins", "first", "last"), Difference("step first", REMOVED)]),
    ],
)  # fmt: skip
def test_versions_are_compared_step_by_step(after: str, found: list[Difference]) -> None:
    before, now = (Control(text).now.versions["flow", 1] for text in (flow(), after))
    assert differences(before, now) == found


def test_what_steps_name_is_compared_too() -> None:
    shared = (ROOT / "examples" / "shared.yaml").read_text("utf-8")
    own = (ROOT / "examples" / "automated-creation.yaml").read_text("utf-8")

    def version(text: str) -> WorkflowVersion:
        placed = parse(text, "f")
        found = [each.document for each in placed if isinstance(each.document, Workflow)]
        steps = plan(found, library(placed), Catalogue(), at=T0, actor="ada")
        return fold(record for step in steps for record in step.records).versions["automated-creation", 1]

    changed = shared.replace("target: name, transform: trim", "target: name, transform: upper")
    assert differences(version(shared + "---\n" + own), version(changed + "---\n" + own)) == [
        Difference("mapping standard", CHANGED, "fields.name.transform", "trim", "upper")
    ]

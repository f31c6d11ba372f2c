"""`dealwire workflows test`: the examples' samples come to what they expect, and a difference is told."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from processors.sample import DEAL
from schemas.deal import EnrichedDeal
from schemas.errors import DefinitionError, UsageError
from schemas.run_event import RunEvent
from streams.cli import workflows, workflows_trial
from streams.settings import Settings
from streams.what_if import TrialDesk
from tests.unit.processors.engine import ROOT, World, catalogue_of, entry

EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.yaml") if path.name != "shared.yaml")
SMALL = ROOT / "examples" / "automated-creation.yaml"


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(workflows.app, ["test", *words], catch_exceptions=False, env={"COLUMNS": "200"})
    assert done.exit_code == code, done.stdout
    return done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_comes_to_what_its_samples_expect(example: Path) -> None:
    shown = run(str(example), "--sample", str(example.parent / "samples" / example.name))
    assert "✓ as expected" in shown
    assert "✗" not in shown


def test_a_difference_is_told_and_ends_incomplete(tmp_path: Path) -> None:
    sample = tmp_path / "s.yaml"
    sample.write_text(
        "workflow: automated-creation\n"
        "expect:\n  outcome: done\n  steps: [create]\n  account: {arr: 1, csm.name: Nobody}\n  mails: []\n"
    )
    shown = run(str(SMALL), "--sample", str(sample), code=1)
    for line in (
        "✗ outcome: expected 'done', it is 'ready'",
        "✗ steps: expected create, they are create > assign > template > handoff > done",
        "✗ account.arr: expected 1, it is '40000",
        "✗ account.csm.name: expected 'Nobody', it is 'Ada Osei'",
        "✗ mails: expected []",
    ):
        assert line in shown
    (plain,) = json.loads(run(str(SMALL), "--sample", str(sample), "--json", code=1))
    assert len(plain["unmet"]) == 5


def test_what_is_assumed_is_told(tmp_path: Path) -> None:
    sample = tmp_path / "s.yaml"
    sample.write_text("deal: {amount: 40000}\n")
    shown = run(str(SMALL), "--sample", str(sample))
    assert "assumed: assign: the queue onboarding gives Ada Osei" in shown
    assert "no mail was sent" in shown
    assert "mail to ada.osei@thread.example: Handoff: Acme" in shown
    assert "automated-creation → ready" in shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("deal: {amuont: 1}\n", "amuont"),
        ("answers: {nowhere: approved}\n", "nowhere, which is no step"),
        ("deals: {}\n", "deals is not known here"),
        ("deal: [1]\n", "s.yaml:1"),
        ("- 1\n", "s.yaml:1"),
    ],
)
def test_a_wrong_sample_says_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    sample = tmp_path / "s.yaml"
    sample.write_text(text)
    with pytest.raises(DefinitionError) as told:
        run(str(SMALL), "--sample", str(sample))
    assert words in str(told.value)


@pytest.mark.parametrize(
    "words", [[], ["--sample", "x.yaml", "--history", "3d"], ["--history", "soon"], ["--sample", "x.yaml"]]
)
def test_what_cannot_be_tried_is_said(words: list[str]) -> None:
    with pytest.raises(UsageError):
        run(str(SMALL), *words)


def test_a_live_deal_is_only_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async def live(_desk: TrialDesk, org: str, opportunity: str, _version: object) -> EnrichedDeal:
        assert (org, opportunity) == ("main", DEAL.opportunity_id)
        return DEAL

    monkeypatch.setattr(workflows_trial, "settings", Settings)
    monkeypatch.setattr(TrialDesk, "live_deal", live)
    plain = json.loads(run(str(SMALL), "--opportunity", DEAL.opportunity_id, "--org", "main", "--json"))
    assert (plain["outcome"], plain["account"]["csm"]["name"]) == ("ready", "Ada Osei")


def recorded() -> tuple[list[EnrichedDeal], list[RunEvent]]:
    """Three deals as they went: two small ones, and one that did not pass the filter."""
    own = catalogue_of((ROOT / "examples" / "shared.yaml").read_text("utf-8"), SMALL.read_text("utf-8"))
    deals: list[EnrichedDeal] = []
    events: list[RunEvent] = []
    for number, amount in enumerate((20_000, 40_000, 90_000)):
        opportunity = f"0065g00000Zk{number}QaAAJ"
        moment = entry().entered_at or datetime.now(UTC)
        begun = entry(moment=moment + timedelta(days=number)).model_copy(
            update={"opportunity_id": opportunity, "id": f"entry-{number}"}
        )
        deal = DEAL.model_copy(
            update={
                "opportunity_id": opportunity,
                "opportunity": DEAL.opportunity.model_copy(
                    update={"amount": Decimal(amount), "id": opportunity}
                ),
                "entered_stage": begun.stage,
                "entered_at": begun.entered_at,
            }
        )
        world = World(own, deal)
        world.at = begun.entered_at or moment
        world.take(begun)
        held = world.coming[0]
        assert isinstance(held, EnrichedDeal)
        deals.append(held)
        world.settle()
        events += world.events()
    return deals, events


def test_history_is_replayed_against_the_draft(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    deals, events = recorded()

    async def read(_desk: TrialDesk, _since: datetime) -> tuple[list[EnrichedDeal], list[RunEvent], int]:
        return [*deals, *deals], [*events, *events], 1

    monkeypatch.setattr(workflows_trial, "settings", Settings)
    monkeypatch.setattr(TrialDesk, "recorded", read)
    same = json.loads(run(str(SMALL), "--history", "30d", "--json"))
    assert [(row["kind"], row["really"], row["count"]) for row in same["rows"]] == [
        ("same", "ready", 2),
        ("same", "not enrolled", 1),
    ]
    draft = tmp_path / "draft.yaml"
    shared = (ROOT / "examples" / "shared.yaml").read_text("utf-8")
    changed = SMALL.read_text("utf-8").replace("< 50000.0", "> 30000.0")
    skipping = changed.replace(
        "steps:",
        "steps:\n  - {id: large, type: condition, branches: [{when: deal.amount > 50000.0, next: done}],"
        " default: create}",
    )
    draft.write_text(shared + "---\n" + skipping)
    shown = run(str(draft), "--history", "30d")
    assert "2 of 3 deals" not in shown
    rows = json.loads(run(str(draft), "--history", "30d", "--json"))["rows"]
    assert [(row["kind"], row["really"], row["draft"], row["parting"]) for row in rows] == [
        ("outcome", "not enrolled", "ready", ""),
        ("outcome", "ready", "not enrolled", ""),
        ("branch", "ready", "ready", "create → large"),
    ]
    assert "3 of 3 deals" in shown
    assert "1 records could not be read" in shown

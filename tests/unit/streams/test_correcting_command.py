"""`dealwire runs reassign` and its sisters: which runs are meant, what is said of them, and by whom."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from typer.testing import CliRunner

from connectors.history.memory import MemoryRunHistory
from processors.commanding import Answer, Outcome
from processors.run_summary import summarize
from schemas.errors import ExitCode, UsageError
from schemas.inbox import InboxRecord
from streams.cli import correcting
from streams.cli.runs import app
from streams.settings import Settings
from tests.fixtures.api import Engine
from tests.fixtures.run_events import START, an_event

ASSIGNED = {"step_id": "assign", "step_type": "assign_csm"}


@pytest.fixture
async def history() -> MemoryRunHistory:
    """Give three runs that are completed, of which Dana was given two, and one that waits for a result."""
    made = MemoryRunHistory(summarize)
    for run, owner in (("r1", "Dana"), ("r2", "Bob"), ("r3", "Dana"), ("r4", "Dana")):
        ends = ("run.completed", {"outcome": "ready"}) if run != "r4" else ("step.started", ASSIGNED)
        events = [
            an_event(1, "run.started", run),
            an_event(2, "step.completed", run, output=f'{{"name": "{owner}"}}', **ASSIGNED),
            an_event(3, ends[0], run, **ends[1]),
        ]
        await made.append(events, [], at=START)
    return made


@pytest.fixture
def engine(history: MemoryRunHistory, monkeypatch: pytest.MonkeyPatch) -> Engine:
    heard = Engine()
    heard.answer = Answer("", Outcome.DONE)

    @asynccontextmanager
    async def opened(*_: object) -> AsyncIterator[MemoryRunHistory]:
        yield history

    @asynccontextmanager
    async def commanding(*_: object) -> AsyncIterator[Engine]:
        yield heard

    monkeypatch.setattr(correcting, "settings", Settings)
    monkeypatch.setattr(correcting, "opened", opened)
    monkeypatch.setattr(correcting, "commanding", commanding)
    monkeypatch.setattr("getpass.getuser", lambda: "whoever")
    return heard


def typed(*words: str, answers: str = "", code: int = 0) -> str:
    done = CliRunner(env={"COLUMNS": "250", "DEALWIRE_ACTOR": ""}).invoke(app, list(words), input=answers)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def said(engine: Engine) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.command, each.run_id, each.to) for each in engine.heard]


def test_one_account_is_given_to_somebody(engine: Engine) -> None:
    typed(
        "reassign", "r2", "--to", "cy@x.example", "--name", "Cy", "--as", "ann@x.example", "--reason", "moves"
    )
    (word,) = engine.heard
    assert isinstance(word, InboxRecord)
    assert said(engine) == [("reassign", "r2", ("cy@x.example",))]
    assert (word.values, word.actor, word.reason, word.force) == (
        {"name": "Cy"},
        "ann@x.example",
        "moves",
        False,
    )


def test_all_of_somebody_who_leaves_are_given_away_once_it_is_confirmed(engine: Engine) -> None:
    words = ("reassign", "--owner", "Dana", "--to", "cy@x.example")
    assert "2 runs are meant" in typed(*words, answers="n\n", code=1)
    assert engine.heard == []
    typed(*words, answers="y\n")
    assert said(engine) == [("reassign", run, ("cy@x.example",)) for run in ("r1", "r3")]
    assert {word.actor for word in engine.heard} == {"whoever"}
    assert len({word.id for word in engine.heard}) == 2


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["reassign", "--to", "cy@x.example"], "no run is named"),
        (["reassign", "r1", "--all", "--to", "cy@x.example"], "a run and a filter are named"),
        (["reassign", "r1", "--owner", "Dana", "--to", "cy@x.example"], "a run and a filter are named"),
        (["reassign", "r1", "--to", "cy"], "is no mail address"),
        (["reassign", "--status", "asleep", "--to", "cy@x.example"], "there is no status"),
        (["migrate", "r1", "--to", "2", "--map", "nonsense"], "maps no step"),
    ],
)
def test_what_cannot_be_meant(engine: Engine, words: list[str], what: str) -> None:
    with pytest.raises(UsageError, match=what):
        typed(*words)
    assert engine.heard == []


def test_a_refusal_is_told_run_by_run(engine: Engine) -> None:
    engine.answer = Answer("", Outcome.REFUSED, "it has no account")
    told = typed("reassign", "--all", "--to", "cy@x.example", "--yes", code=ExitCode.REFUSED)
    assert told.count("it has no account") == 3


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (["rerun", "r1", "--from", "assign"], {"step_id": "assign", "force": False}),
        (["rerun", "r1", "--again"], {"step_id": "", "force": True}),
        (["migrate", "r1", "--to", "2", "--map", "a=b"], {"version": 2, "values": {"a": "b"}}),
        (["cancel", "r1", "--reason", "by mistake"], {"reason": "by mistake", "to": ()}),
    ],
)
def test_each_sister_says_her_own(engine: Engine, words: list[str], fields: dict[str, Any]) -> None:
    typed(*words)
    (word,) = engine.heard
    assert (word.command, word.run_id) == (words[0], "r1")
    assert {name: getattr(word, name) for name in fields} == fields

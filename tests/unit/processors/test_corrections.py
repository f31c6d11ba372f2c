"""Which runs a command means, and what is foreseen of it: never a no where the engine would say yes."""

import json
from typing import Any

import pytest

from processors.commanding import Said, about_run
from processors.corrections import MEANT, STATUSES, foreseen, one_run, step_map
from processors.run_summary import summarize
from schemas.errors import UsageError
from schemas.inbox import RUN_COMMANDS
from schemas.run_event import RunEvent
from schemas.run_summary import (
    CANCELLED,
    COMPLETED,
    FETCHING,
    HELD,
    NEEDS_ATTENTION,
    NOT_ENROLLED,
    REJECTED,
    RUN_ENDED,
    RUNNING,
    WAITING_PERSON,
    WAITING_RESULT,
    WAITING_TIME,
    RunSummary,
)
from tests.histories.files import Plain, histories, read
from tests.histories.replaying import catalogue_of as recorded_catalogue
from tests.unit.processors.engine import OPPORTUNITY, ORG, catalogue_of

BY = Said(actor="ops@thread.example", key="k")
CATALOGUE = catalogue_of(
    "kind: workflow\nname: w\nstatus: active\ntrigger: {stages: [Closed Won]}\nsteps:\n"
    "  - {id: gate, type: approval, to: [m@acme.example], title: T, rejected: done}\n"
    "  - {id: done, type: end}\n"
)


def run(status: str = WAITING_PERSON, **fields: Any) -> RunSummary:
    content = {"run_id": "r1", "step_id": "gate", "workflow_id": "w", "workflow_version": 1, **fields}
    return RunSummary(org_id=ORG, opportunity_id=OPPORTUNITY, status=status, **content)


def said(one: RunSummary, command: str, **fields: Any) -> str:
    return foreseen(one, about_run(one, command, BY, **fields), CATALOGUE)


@pytest.mark.parametrize(
    ("command", "statuses"),
    [
        ("retry", {NEEDS_ATTENTION, WAITING_TIME}),
        ("cancel", set(STATUSES) - RUN_ENDED),
        ("skip", {WAITING_PERSON, WAITING_TIME, NEEDS_ATTENTION, WAITING_RESULT, RUNNING}),
        ("rerun", set(STATUSES) - {FETCHING, HELD, NOT_ENROLLED}),
        ("start", {HELD}),
        ("reassign", {WAITING_PERSON, WAITING_TIME, NEEDS_ATTENTION, COMPLETED, REJECTED, CANCELLED}),
    ],
)
def test_a_command_is_for_runs_of_some_statuses(command: str, statuses: set[str]) -> None:
    assert {status for status in STATUSES if not said(run(status), command)} == statuses
    assert set(MEANT[command]) <= statuses, "a filter means none that would be refused"


def test_every_command_says_whom_it_is_for() -> None:
    assert set(MEANT) == RUN_COMMANDS
    assert {status for statuses in MEANT.values() for status in statuses} <= set(STATUSES)


@pytest.mark.parametrize(
    ("one", "command", "fields", "says"),
    [
        (run(COMPLETED), "retry", {}, "it is completed"),
        (run(workflow_version=7), "cancel", {}, "w v7 is not known here"),
        (run(), "rerun", {"step_id": "nowhere"}, "v1 has no step 'nowhere'; its steps are: gate, done"),
        (run(), "rerun", {"step_id": "gate"}, ""),
        (run(), "rerun", {}, ""),
        (run(), "migrate", {"version": 7}, "there is no version 7 of w"),
        (run(), "migrate", {"version": 1}, "it goes by v1 already"),
        (run(WAITING_RESULT), "migrate", {"version": 1}, "it is waiting result"),
    ],
)
def test_what_is_foreseen(one: RunSummary, command: str, fields: dict[str, Any], says: str) -> None:
    assert said(one, command, **fields) == says


def test_nothing_is_foreseen_to_be_refused_that_the_engine_did() -> None:
    """Over every recorded history: whoever goes by the dry run must not be kept from what works."""
    done = 0
    for path in (paths[-1] for paths in histories().values()):
        content = read(path)
        summary: dict[str, RunSummary] = {}
        for shown in content["inputs"]:
            events = shown["decided"].get("events", [])
            word = shown["record"]
            known = summary.get(word.get("run_id", ""))
            if word.get("command") in RUN_COMMANDS and known is not None:
                refused = any(event["kind"] == "command.refused" for event in events)
                command = about_run(
                    known, word["command"], BY, step_id=word.get("step_id", ""),
                    version=word.get("version", 0), values=word.get("values"), to=word.get("to", ()),
                )  # fmt: skip
                no = foreseen(known, command, recorded_catalogue(content))
                assert refused or not no, (path.name, word["command"], no)
                done += not refused
            for event in events:
                told = _event(event, shown)
                carried = summarize(summary.get(told.run_id), [told])
                assert carried is not None
                summary[told.run_id] = carried
    assert done > 10


def _event(event: Plain, shown: Plain) -> RunEvent:
    """Give an event as it was told, of one that is shown in a history."""
    content = {name: value for name, value in event.items() if name != "key"}
    for name in ("input", "output"):
        content[name] = json.dumps(content[name]) if name in content else ""
    usual = {
        "org_id": ORG,
        "opportunity_id": OPPORTUNITY,
        "at": shown["at"],
        "caused_by": shown["record"]["id"],
    }
    return RunEvent.model_validate(usual | content)


@pytest.mark.parametrize(
    ("found", "beginning", "meant"),
    [
        ([run(run_id="abc")], "a", "abc"),
        ([run(run_id="abc"), run(run_id="abcd")], "abc", "abc"),
        ([run(run_id="abc"), run(NOT_ENROLLED, run_id="abd")], "ab", "abc"),
        ([run(NOT_ENROLLED, run_id="abd")], "ab", "abd"),
        ([run(run_id="abc"), run(NOT_ENROLLED, run_id="abd")], "abd", "abd"),
    ],
)
def test_one_run_is_meant(found: list[RunSummary], beginning: str, meant: str) -> None:
    assert one_run(found, beginning).run_id == meant


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ([], "no run 'ab' is in the history"),
        (
            [run(run_id="abc"), run(COMPLETED, run_id="abd")],
            r"means 2 runs: abc \(w, waiting person\); abd \(w, comp",
        ),
        ([run(NOT_ENROLLED, run_id="abc"), run(NOT_ENROLLED, run_id="abd")], "means 2 runs"),
    ],
)
def test_none_or_several_are_meant(found: list[RunSummary], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        one_run(found, "ab")


@pytest.mark.parametrize(
    ("words", "steps"),
    [([], {}), (["a=b"], {"a": "b"}), ([" a = b ", "c=b"], {"a": "b", "c": "b"}), (["a=b=c"], {"a": "b=c"})],
)
def test_a_step_map(words: list[str], steps: dict[str, str]) -> None:
    assert step_map(words) == steps


@pytest.mark.parametrize("words", [["a"], ["=b"], ["a="], ["a=b", "a=c"], [" = "], [""]])
def test_words_that_map_no_step(words: list[str]) -> None:
    with pytest.raises(UsageError, match="maps no step"):
        step_map(words)

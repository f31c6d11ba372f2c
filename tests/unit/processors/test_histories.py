"""Recorded histories, decided again: what was decided for a pinned version is decided still."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from processors.yaml_documents import parse
from schemas.definition.documents import Workflow
from schemas.errors import BrokenInvariantError
from schemas.inbox import RUN_COMMANDS, TASK_COMMANDS
from schemas.run import ENDED, Purpose
from tests.histories.__main__ import main
from tests.histories.differences import told
from tests.histories.files import FOLDER, Plain, accept, digest, histories, read, release, released
from tests.histories.recording import EXAMPLES
from tests.histories.replaying import replay
from tests.histories.stories import STORIES

ALL = histories()
REJECTED = "approval-gate-rejected"


@pytest.mark.parametrize("name", ALL)
def test_what_was_decided_is_decided_still(name: str) -> None:
    path = ALL[name][-1]
    content = read(path)
    differences = told(path, content, replay(content), released=path.name in released())
    if differences:
        pytest.fail(differences, pytrace=False)


def test_what_a_release_stored_can_be_read_and_gone_on_with() -> None:
    for path in (path for paths in ALL.values() for path in paths[:-1]):
        for number, (_, now) in enumerate(replay(read(path)), 1):
            assert "missing" not in now, f"{path.name}, input {number}"


def test_released_histories_are_as_they_were() -> None:
    kept = released()
    assert {name: digest(FOLDER / name) for name in kept} == kept, (
        "never rewritten: git checkout tests/histories"
    )


def test_every_story_is_recorded_and_every_history_has_its_story() -> None:
    assert set(ALL) == set(STORIES), "type: .venv/bin/python -m tests.histories accept"


def test_the_stories_leave_nothing_out() -> None:
    """Every example, step, command and timer, and every end, so that a change of any would show."""
    seen: dict[str, set[str]] = {name: set() for name in ("workflow", "type", "command", "purpose", "status")}
    for paths in ALL.values():
        for name, value in _facts(read(paths[-1])):
            if name in seen:
                seen[name].add(value)
    documents = [
        each.document for path in EXAMPLES.glob("*.yaml") for each in parse(path.read_text("utf-8"), "")
    ]
    assert {each.name for each in documents if isinstance(each, Workflow)} <= seen["workflow"]
    assert _step_types() <= seen["type"]
    assert seen["command"] >= TASK_COMMANDS | RUN_COMMANDS
    assert set(Purpose) <= seen["purpose"]
    assert set(ENDED) <= seen["status"]


def _facts(value: Any) -> Iterator[tuple[str, str]]:
    """Give every name with its text, wherever it stands."""
    if isinstance(value, dict):
        for name, each in value.items():
            if isinstance(each, str):
                yield name, each
            else:
                yield from _facts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _facts(each)


def _step_types() -> set[str]:
    steps = Workflow.model_json_schema()["$defs"].values()
    return {
        each["properties"]["type"]["const"]
        for each in steps
        if "const" in each.get("properties", {}).get("type", {})
    }


def test_a_decision_that_changed_is_told_so_that_one_can_judge_it() -> None:
    path = ALL[REJECTED][-1]
    content = read(path)
    compared = replay(content)
    number = next(
        place for place, (was, _) in enumerate(compared) if was.get("tasks", [{}])[0].get("outcome")
    )
    was, now = compared[number]
    changed = json.loads(json.dumps(now))
    changed["tasks"][0]["outcome"] = "approved"
    del changed["events"][-1]
    message = told(
        path, content, [*compared[:number], (was, changed), *compared[number + 1 :]], released=False
    )
    assert message.startswith(f"{path.name}: The manager says no")
    assert (
        f"input {number + 1} of {len(compared)}: dealwire.workflow.inbox (command reject m@acme.example)"
        in message
    )
    assert re.search(r"tasks\.\[approval \w{8}\]\.outcome\n    was: 'rejected'\n    is:  'approved'", message)
    assert re.search(r"events\.\[run.completed \w{8}\]\n    was: \{.*\.\.\.\n    is:  nothing", message)
    assert message.endswith(f"type: .venv/bin/python -m tests.histories accept {REJECTED}")


def test_a_change_of_a_released_history_says_that_runs_wait_by_it() -> None:
    path = ALL[REJECTED][-1]
    message = told(path, read(path), [({}, {"ignored": "so"})], released=True)
    assert "was released" in message
    assert f"writes {REJECTED}.v2.json and leaves v1 as it is" in message


def test_a_flood_of_differences_is_cut_and_counted() -> None:
    path = ALL[REJECTED][-1]
    content = read(path)
    message = told(path, content, [(was, {}) for was, _ in replay(content)], released=False)
    assert len(message.splitlines()) < 50
    assert re.search(r"and \d+ more fields", message)


def test_what_was_released_is_kept_and_the_next_version_stands_beside_it(tmp_path: Path) -> None:
    first, second, third = ({"story": "s", "inputs": [number]} for number in (1, 2, 3))

    def accepted(content: Plain) -> str:
        path = accept("a-story", content, tmp_path)
        return path.name if path is not None else ""

    assert accepted(first) == "a-story.v1.json"
    assert accepted(first) == ""
    assert accepted(second) == "a-story.v1.json", "not released, so it is written over"
    assert release(tmp_path) == ["a-story.v1.json"]
    assert accepted(second) == ""
    assert accepted(third) == "a-story.v2.json"
    assert accepted(first) == "a-story.v2.json", "the second is not released"
    assert read(tmp_path / "a-story.v1.json") == second
    assert release(tmp_path) == ["a-story.v2.json"]
    kept = released(tmp_path)
    (tmp_path / "a-story.v1.json").write_text("{}", "utf-8")
    release(tmp_path)
    assert released(tmp_path) == kept, "a release never takes over a file that was tampered with"
    assert digest(tmp_path / "a-story.v1.json") != kept["a-story.v1.json"]


def test_a_story_that_is_not_known_is_told_with_those_that_are() -> None:
    with pytest.raises(SystemExit, match=r"accept \[STORY...\][\s\S]*approval-gate-approved"):
        main(["accept", "no-such-story"])


def test_a_state_that_cannot_be_gone_on_with_is_not_passed_over() -> None:
    content = read(ALL[REJECTED][-1])
    forgotten = next(shown for shown in content["inputs"] if "deal" in str(shown["decided"].get("runs")))
    for run in forgotten["decided"]["runs"].values():
        run.pop("deal", None)
    with pytest.raises(BrokenInvariantError, match="its deal is gone"):
        replay(content)

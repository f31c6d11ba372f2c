"""What the pages for writers say is what the program takes."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from processors.lint import lint
from processors.lint_library import ERROR, library
from processors.yaml_documents import Placed, parse
from schemas.definition.any_step import AnyStep
from schemas.definition.documents import Trigger
from schemas.definition.steps import Onward

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs" / "schema" / "definition.schema.json"
PAGES = sorted([*(ROOT / "docs" / "steps").glob("*.md"), ROOT / "docs" / "writing-workflows.md"])
STEPS = {get_args(step.model_fields["type"].annotation)[0]: step for step in get_args(get_args(AnyStep)[0])}
SHARED = [(ROOT / "examples" / name).read_text("utf-8") for name in ("shared.yaml", "approval-gate.yaml")]


def snippets(page: Path) -> list[str]:
    """Give the definitions of a page; steps alone get a workflow around them."""
    found = re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    around = "kind: workflow\nname: page\ntrigger: {stages: [Closed Won]}\nsteps:\n"
    return [text if text.startswith("kind:") else around + re.sub(r"(?m)^", "  ", text) for text in found]


def test_every_step_has_a_page_and_every_page_a_step() -> None:
    assert {page.stem for page in PAGES if page.parent.name == "steps"} == STEPS.keys()


@pytest.mark.parametrize("step", STEPS)
def test_a_page_names_the_fields_of_its_step(step: str) -> None:
    text = (ROOT / "docs" / "steps" / f"{step}.md").read_text("utf-8")
    told = set(re.findall(r"(?m)^\| `(\w+)` \|", text))
    common = set(Onward.model_fields) | {"type"}
    assert told == set(STEPS[step].model_fields) - common


def test_the_trigger_and_what_every_step_has_are_told_whole() -> None:
    text = (ROOT / "docs" / "writing-workflows.md").read_text("utf-8")
    told = set(re.findall(r"(?m)^\| `(\w+)` \|", text))
    assert told == set(Trigger.model_fields) | set(Onward.model_fields)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_is_sound(page: Path) -> None:
    shared = [each for text in SHARED for each in parse(text, "shared")]
    shown = [each for text in snippets(page) for each in parse(text, page.name)]
    assert shown
    names = {(each.document.kind, each.document.name) for each in shown}
    beside: list[Placed] = [each for each in shared if (each.document.kind, each.document.name) not in names]
    findings = lint(shown, library([*shown, *beside]))
    assert [str(each) for each in findings if each.severity == ERROR] == []


@pytest.mark.parametrize(
    "text",
    [
        *(text for file in sorted((ROOT / "examples").glob("*.yaml")) for text in [file.read_text("utf-8")]),
        *(text for page in PAGES for text in snippets(page)),
    ],
)
def test_the_schema_for_editors_takes_what_the_program_takes(text: str) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    for document in YAML(typ="safe", pure=True).load_all(text):
        plain = json.loads(json.dumps(document, default=str))
        assert [error.message for error in Draft202012Validator(schema).iter_errors(plain)] == []


@pytest.mark.parametrize(
    "wrong", ["kind: workflw", "kind: queue\nname: q", "kind: group\nname: G\nmembers: [a@b.example]"]
)
def test_the_schema_for_editors_refuses_what_the_program_refuses(wrong: str) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(YAML(typ="safe", pure=True).load(wrong)))

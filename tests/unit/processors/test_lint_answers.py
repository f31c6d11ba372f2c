"""Lint warns of answers that nobody will see."""

import pytest

from processors.lint import lint
from processors.lint_library import library
from processors.yaml_documents import parse

HEAD = "kind: workflow\nname: w\ntrigger: {stages: [Won]}\nsteps:\n"
CREATE = "  - {id: create, type: create_account, mapping: m}\n"
DONE = "  - {id: done, type: end}\n"
MAPPING = "---\nkind: mapping\nname: m\nfields: [{source: deal.name, target: name}]\n"
LATE = "no account: no create_account comes after f. Ask before the account is created, or leave maps_to out."
ANOTHER = "Give one of them another name."


def form(name: str, field: str, more: str = "") -> str:
    fields = f"fields: [{{name: {field}, label: L{more}}}]"
    return f"  - {{id: {name}, type: form, to: [a@acme.example], title: T, {fields}}}\n"


def approval(name: str, rejected: str) -> str:
    return f"  - {{id: {name}, type: approval, to: [a@acme.example], title: T, rejected: {rejected}}}\n"


def computed(name: str, variable: str) -> str:
    return f"  - {{id: {name}, type: set, values: {{{variable}: '1'}}}}\n"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (form("f", "seats") + computed("s", "places"), ""),
        (
            form("f", "seats") + computed("s", "seats"),
            f"6:40: warning: vars.seats of the step f is overwritten by the step s. {ANOTHER}",
        ),
        (
            computed("s", "seats") + form("f", "seats"),
            f"6:73: warning: vars.seats of the step s is overwritten by the step f. {ANOTHER}",
        ),
        (
            form("f", "seats") + form("g", "seats"),
            f"6:73: warning: vars.seats of the step f is overwritten by the step g. {ANOTHER}",
        ),
        (
            form("g", "seats") + computed("s", "g"),
            f"6:36: warning: vars.g of the step g is overwritten by the step s. {ANOTHER}",
        ),
        (computed("s", "seats") + computed("t", "seats"), ""),
        (
            "  - {id: c, type: condition, branches: [{when: deal.is_won, next: f}], default: g}\n"
            + form("f", "seats").replace("title: T", "title: T, next: done")
            + form("g", "seats"),
            "",
        ),
        (form("f", "goals", ", maps_to: custom.goals") + CREATE, ""),
        (approval("a", "f") + CREATE.replace("m}", "m, next: done}") + form("f", "goals"), ""),
        (
            CREATE + form("f", "goals", ", maps_to: custom.goals"),
            f"6:99: warning: goals fills custom.goals of {LATE}",
        ),
    ],
)
def test_an_answer_that_nobody_will_see_is_warned_of(steps: str, expected: str) -> None:
    mine = parse(HEAD + steps + DONE + MAPPING, "flows.yaml")
    found = [str(each).removeprefix("flows.yaml:") for each in lint(mine, library(mine))]
    assert found == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("prefill", "expected"),
    [
        ("'40'", ""),
        ("40", ""),
        ("deal.name", ""),
        ("'many'", "error: the prefill never fits: 'many' is not a number; write it as 1234.5."),
    ],
)
def test_a_prefill_that_never_fits_is_found(prefill: str, expected: str) -> None:
    mine = parse(HEAD + form("f", "seats", f', type: number, prefill: "{prefill}"') + DONE, "flows.yaml")
    found = [str(each).partition(": ")[2] for each in lint(mine, library(mine))]
    assert found == ([expected] if expected else [])

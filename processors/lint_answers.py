"""Finds what people answer and nobody ever sees: answers that are overwritten, or that fill no account."""

from collections.abc import Iterator
from typing import NamedTuple

from processors.sample_variables import variables_of
from processors.step_graph import reachable, ways
from schemas.definition.any_step import AnyStep
from schemas.definition.documents import Workflow
from schemas.definition.flow import SetVariables
from schemas.definition.people import Form
from schemas.definition.steps import CreateAccount


class Doubt(NamedTuple):
    """Something that is hardly meant, what to do, and the way to it within the workflow."""

    what: str
    todo: str
    path: tuple[str | int, ...]


def doubts(workflow: Workflow) -> Iterator[Doubt]:
    """Give what is doubtful about the answers of a workflow whose ways all lead to steps."""
    known = ways(workflow)
    follows = {
        step.id: frozenset().union(*(reachable(name, known) for name in known[step.id])) - {step.id}
        for step in workflow.steps
    }
    for number, step in enumerate(workflow.steps):
        yield from _overwritten(workflow, number, follows)
        if isinstance(step, Form):
            creates = any(isinstance(e, CreateAccount) and e.id in follows[step.id] for e in workflow.steps)
            for place, field in enumerate(step.fields):
                if field.maps_to is not None and not creates:
                    yield Doubt(
                        f"{field.name} fills {field.maps_to} of no account: "
                        f"no create_account comes after {step.id}",
                        "Ask before the account is created, or leave maps_to out.",
                        ("steps", number, "fields", place, "maps_to"),
                    )


def _overwritten(workflow: Workflow, number: int, follows: dict[str, frozenset[str]]) -> Iterator[Doubt]:
    """Look for earlier steps that give a step's variables, too. To compute a variable anew is meant."""
    step = workflow.steps[number]
    for name in variables_of(step):
        for earlier in workflow.steps:
            both_computed = isinstance(step, SetVariables) and isinstance(earlier, SetVariables)
            if step.id in follows[earlier.id] and name in variables_of(earlier) and not both_computed:
                yield Doubt(
                    f"vars.{name} of the step {earlier.id} is overwritten by the step {step.id}",
                    "Give one of them another name.",
                    _place(step, number, name),
                )
                break


def _place(step: AnyStep, number: int, name: str) -> tuple[str | int, ...]:
    if isinstance(step, SetVariables):
        return ("steps", number, "values", name)
    for place, field in enumerate(step.fields if isinstance(step, Form) else ()):
        if field.name == name:
            return ("steps", number, "fields", place, "name")
    return ("steps", number)

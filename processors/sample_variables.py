"""The variables that exist before each step of a workflow, each with a value of its type to try things on."""

from collections.abc import Mapping
from typing import Any

from processors import conditions
from processors.sample import names as sample_names
from processors.step_graph import without
from processors.task_links import mark
from processors.variables import plain
from schemas.brief import SECTIONS, Brief, Statement
from schemas.definition.any_step import AnyStep
from schemas.definition.documents import Workflow
from schemas.definition.flow import SetVariables, WriteBrief
from schemas.definition.people import Approval, Form, FormField
from schemas.definition.variables import variable_of
from schemas.errors import DefinitionError, StepError
from schemas.task import Task

RUN = {"id": "sample", "workflow": "sample", "stage": "Closed Won", "entered_at": None}
TASK = {
    **Task(id="sample", org_id="sample", title="Approve it", people=("m@acme.example",)).model_dump(),
    "link": mark("sample"),
}

_STATEMENT = Statement(text="Wants to start in October", sources=("n1",))
_BRIEF = Brief(**dict.fromkeys(SECTIONS, (_STATEMENT,))).model_dump(mode="json")
_ERROR = {"error": {"step": "create", "reason": "the account sink refused it"}}
_ANSWER = {"outcome": "approved", "by": "m@acme.example", "reason": "", "at": "2026-09-15T08:30:12+00:00"}
_TYPES: Mapping[str, Any] = {"number": 1.0, "money": 1.0, "date": "2026-09-30", "email": "kim@acme.example"}


def variables_before(workflow: Workflow) -> dict[str, dict[str, Any]]:
    """Give, for each step, the variables that every way to it has set."""
    known: dict[str, dict[str, Any]] = {step.id: dict(_ERROR) for step in workflow.steps}
    for definer in workflow.steps:
        defined = variables_of(definer)
        if not defined:
            continue
        lacking = without(workflow, lambda each, definer=definer: each.id == definer.id)  # type: ignore[misc]  # a default binds the loop's value
        for step in workflow.steps:
            if step.id not in lacking:
                known[step.id] |= defined
    return known


def variables_of(step: AnyStep) -> dict[str, Any]:
    """Give the variables that a step sets."""
    match step:
        case Form():
            return {variable_of(step.id): _ANSWER, **{each.name: _answer(each) for each in step.fields}}
        case Approval():
            return {variable_of(step.id): _ANSWER}
        case WriteBrief():
            return {"brief": _BRIEF}
        case SetVariables():
            return _computed(step)
        case _:
            return {}


def _answer(field: FormField) -> Any:
    return field.choices[0] if field.choices else _TYPES.get(field.type, "text")


def _computed(step: SetVariables) -> dict[str, Any]:
    """Try what a step computes; where that cannot be told, any text stands for it."""
    computed: dict[str, Any] = {}
    for name, expression in step.values.items():
        names = {**sample_names(), "vars": computed, "run": RUN}
        try:
            computed[name] = plain(conditions.value(expression, names))
        except (DefinitionError, StepError):
            computed[name] = "text"
    return computed

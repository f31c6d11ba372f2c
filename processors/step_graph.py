"""The ways through a workflow's steps."""

from collections.abc import Callable, Iterator, Mapping

from schemas.definition.any_step import AnyStep
from schemas.definition.documents import Workflow
from schemas.definition.flow import Wait
from schemas.definition.people import Approval, Form
from schemas.definition.steps import Condition

Ways = Mapping[str, list[str]]


def targets(step: AnyStep) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Give the steps that a step names, each with the place inside of it where it does."""
    if isinstance(step, Condition):
        for number, branch in enumerate(step.branches):
            yield ("branches", number, "next"), branch.next
        yield ("default",), step.default
    for name in ("next", "rejected", "on_time_out", "on_error"):
        target = getattr(step, name, None)
        if target is not None:
            yield (name,), target


def ways(workflow: Workflow) -> Ways:
    """Give, for each step, the steps that may come after it."""
    return {step.id: list(_after(workflow, step)) for step in workflow.steps}


def reachable(start: str, known: Ways, *, without: frozenset[str] = frozenset()) -> set[str]:
    """Give every step that some way leads to from `start`, itself included, not passing through `without`."""
    reached: set[str] = set()
    frontier = [start]
    while frontier:
        name = frontier.pop()
        if name not in reached and name not in without:
            reached.add(name)
            frontier += known[name]
    return reached


def comes_back(workflow: Workflow, step_id: str) -> bool:
    """Whether a way leads from a step back to itself without ever waiting for a person or a time."""
    known = ways(workflow)
    waiting = frozenset(step.id for step in workflow.steps if _always_waits(step))
    if step_id in waiting:
        return False
    return any(step_id in reachable(name, known, without=waiting) for name in known[step_id])


def without(workflow: Workflow, wanted: Callable[[AnyStep], bool]) -> set[str]:
    """Give the steps that some way leads to without a wanted step having done its work before."""
    onward = dict(ways(workflow))
    for step in workflow.steps:
        # A step that may be skipped, or left by its failure, has not done what it is wanted for.
        if wanted(step) and step.when is None:
            onward[step.id] = [target for target in (step.on_error, step.on_time_out) if target is not None]
    return reachable(workflow.steps[0].id, onward)


def _always_waits(step: AnyStep) -> bool:
    """Whether a step waits whatever the deal is like: a date may have passed already."""
    if step.when is not None:
        return False
    return isinstance(step, Approval | Form) or (isinstance(step, Wait) and step.duration is not None)


def _after(workflow: Workflow, step: AnyStep) -> Iterator[str]:
    yield from dict.fromkeys(target for _, target in targets(step))
    if isinstance(step, Condition) or (step.type == "end" and step.when is None):
        return
    following = workflow.after(step)
    if following is not None:
        yield following

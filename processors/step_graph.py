"""The ways through a workflow's steps."""

from collections.abc import Callable, Iterator, Mapping

from schemas.definition.documents import Workflow
from schemas.definition.steps import AnyStep, Condition, End

Ways = Mapping[str, list[str]]


def targets(step: AnyStep) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Give the steps that a step names, each with the place inside of it where it does."""
    match step:
        case Condition():
            for number, branch in enumerate(step.branches):
                yield ("branches", number, "next"), branch.next
            yield ("default",), step.default
        case End():
            return
        case _:
            if step.next is not None:
                yield ("next",), step.next


def ways(workflow: Workflow) -> Ways:
    """Give, for each step, the steps that may come after it."""
    return {step.id: _after(workflow, step) for step in workflow.steps}


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


def comes_back(step_id: str, known: Ways) -> bool:
    """Whether a way leads from a step back to itself. No step waits for time, so such a way has no end."""
    return any(step_id in reachable(name, known) for name in known[step_id])


def always_before(workflow: Workflow, step_id: str, wanted: Callable[[AnyStep], bool]) -> bool:
    """Whether every way to a step passes through a wanted one first."""
    passing = frozenset(step.id for step in workflow.steps if wanted(step) and step.id != step_id)
    return step_id not in reachable(workflow.steps[0].id, ways(workflow), without=passing)


def _after(workflow: Workflow, step: AnyStep) -> list[str]:
    match step:
        case Condition():
            return [*(branch.next for branch in step.branches), step.default]
        case End():
            return []
        case _:
            following = workflow.after(step)
            return [following] if following is not None else []

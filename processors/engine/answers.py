"""What people say of a run's tasks, and what becomes of the run by it."""

from typing import Any

from processors.engine.leaving import LEFT, left_answered
from processors.engine.noticing import beside
from processors.engine.telling import Event, Telling
from processors.engine.walking import STAY, failed, put, settle, walk
from processors.form_values import typed
from processors.outcomes import Done, Outcome, Scene
from processors.people_steps import NEW_ACCOUNT
from processors.step_commands import taken
from processors.steps import account_chosen, assigned_to
from processors.tasks import Said, say
from processors.variables import with_variables
from schemas.account import Csm
from schemas.definition.any_step import AnyStep
from schemas.definition.documents import WorkflowVersion
from schemas.definition.people import Approval
from schemas.definition.steps import AssignCsm, CreateAccount
from schemas.definition.variables import variable_of
from schemas.errors import BrokenInvariantError, StepError
from schemas.inbox import InboxRecord
from schemas.run import Run
from schemas.task import FORM, TASK_ENDED, Task


def task_said(telling: Telling, version: WorkflowVersion, event: Event, word: InboxRecord) -> None:
    """Take a person's word about a task of the run."""
    task = telling.run.tasks.get(word.task_id)
    if task is None:
        telling.refuse("the task has ended, or there never was one of this id", task_id=word.task_id)
        return
    said = say(task, word, event.at)
    if said.refused:
        telling.refuse(said.refused, task_id=task.id)
        return
    put(telling, said.task)
    telling.tell(f"task.{said.event}", step=(task.step_id, task.kind), task_id=task.id, reason=word.reason,
                 outcome=said.task.outcome, output=_told(said))  # fmt: skip
    if said.task.status not in TASK_ENDED:
        return
    if task.step_id == LEFT:
        left_answered(telling, said.task)
        return
    if event.deal is None:
        raise BrokenInvariantError(
            "a run waits for a person and its deal is gone", on=f"run {telling.run.id}"
        )
    scene = Scene(version, event.deal, event.at)
    goto = _after(telling, scene, version.workflow.step(task.step_id), said.task)
    if goto != STAY:
        walk(telling, scene, goto)


def _after(telling: Telling, scene: Scene, step: AnyStep, task: Task) -> str | None:
    """Go on from the step whose task was answered."""
    try:
        run = with_variables(telling.run, _variables(step, task))
        return settle(telling, scene, step, _outcome(telling, scene, step, task, run))
    except StepError as error:
        return failed(telling, step, str(error))


def _outcome(telling: Telling, scene: Scene, step: AnyStep, task: Task, run: Run) -> Outcome:
    if isinstance(step, CreateAccount):
        return account_chosen(step, run, "" if task.outcome == NEW_ACCOUNT else task.outcome, scene)
    if isinstance(step, AssignCsm):
        csm = Csm(name=task.outcome.partition("@")[0], email=task.outcome)
        outcome = assigned_to(step, run, csm, scene)
        beside(telling, *taken(step, telling.run, csm.email))
        return outcome
    output = {"outcome": task.outcome, "by": task.answered_by}
    if task.reason:
        output["reason"] = task.reason
    goto = step.rejected if isinstance(step, Approval) and task.outcome == "rejected" else None
    return Done(run, output, goto=goto)


def _variables(step: AnyStep, task: Task) -> dict[str, Any]:
    answer = {
        "outcome": task.outcome,
        "by": task.answered_by,
        "reason": task.reason,
        "at": task.answered_at.isoformat() if task.answered_at else None,
    }
    filled: dict[str, Any] = {}
    if task.kind == FORM:
        filled = {
            field.name: typed(field, task.values[field.name]) if field.name in task.values else None
            for field in task.fields
        }
    return {**filled, variable_of(step.id): answer}


def _told(said: Said) -> dict[str, Any]:
    """Say in the history what was said, without what people typed."""
    task = said.task
    if task.votes and said.event == "answered":
        yes = sum(vote.yes for vote in task.votes)
        return {"yes": yes, "no": len(task.votes) - yes, "needed": task.need}
    return {"fields": sorted(task.values)} if task.kind == FORM else {}

"""What the deal does while a run is open: it changes, or leaves the trigger's stages."""

from processors.engine.reading import LOOK, read
from processors.engine.telling import Event, Telling
from processors.engine.walking import close, put
from processors.outcomes import Scene
from processors.people_steps import people
from schemas.definition.documents import WorkflowVersion
from schemas.definition.flow import Wait
from schemas.errors import StepError
from schemas.ids import derived_id
from schemas.run import Run, Status
from schemas.stage import StageEntry
from schemas.task import CHOICE, Task, TaskChoice

LEFT = "deal.left_stage"
"""In place of a step: what the task that asks about a deal's leaving belongs to."""
GO_ON, CANCEL = "continue", "cancel"


def deal_changed(telling: Telling, version: WorkflowVersion) -> None:
    """Look again, where the run waits for the deal to change."""
    run = telling.run
    if not watches(run, version):
        return
    if run.pending is not None:
        telling.change(look_again=True)
        return
    read(telling, LOOK)


def watches(run: Run, version: WorkflowVersion) -> bool:
    """Whether a run waits for a later change of its deal."""
    if run.status is not Status.WAITING_TIME:
        return False
    step = next((each for each in version.workflow.steps if each.id == run.step_id), None)
    return isinstance(step, Wait) and step.until_true is not None


def left_stage(telling: Telling, version: WorkflowVersion, event: Event, entry: StageEntry) -> None:
    """Follow the workflow's policy when the deal has left the stages that started the run."""
    trigger = version.workflow.trigger
    telling.tell(LEFT, output={"from": telling.run.stage, "to": entry.stage}, reason=trigger.on_leave)
    if trigger.on_leave == CANCEL:
        reason = f"the deal left {telling.run.stage} for {entry.stage}"
        telling.tell("run.cancelled", reason=reason)
        close(telling, Status.CANCELLED, reason)
    elif trigger.on_leave == "ask":
        _ask(telling, version, event, entry)


def left_answered(telling: Telling, task: Task) -> None:
    """Do what a person chose about a deal that left its stage."""
    if task.outcome == CANCEL:
        reason = task.reason or f"{task.answered_by} cancelled it: the deal left its stage"
        telling.tell("run.cancelled", reason=reason)
        close(telling, Status.CANCELLED, reason)


def _ask(telling: Telling, version: WorkflowVersion, event: Event, entry: StageEntry) -> None:
    if event.deal is None:
        telling.tell("notice.failed", reason="nobody could be asked: the deal was not read yet")
        return
    if any(task.step_id == LEFT for task in telling.run.tasks.values()):
        return
    scene = Scene(version, event.deal, event.at)
    try:
        asked = people(version.workflow.trigger.ask, scene, scene.names(telling.run))
    except StepError as error:
        telling.tell("notice.failed", reason=str(error))
        return
    run = telling.run
    task = Task(
        id=derived_id("task", run.id, LEFT, entry.id),
        org_id=run.org_id,
        kind=CHOICE,
        opportunity_id=run.opportunity_id,
        run_id=run.id,
        workflow_id=run.workflow,
        workflow_version=run.version,
        step_id=LEFT,
        title=f"{event.deal.opportunity.name} left {run.stage} for {entry.stage}"[:300],
        people=asked,
        choices=(
            TaskChoice(key=GO_ON, label="Go on with the run"),
            TaskChoice(key=CANCEL, label="Cancel the run"),
        ),
        opened_at=event.at,
    )
    put(telling, task)
    telling.tell("task.opened", step=(LEFT, CHOICE), task_id=task.id, output={"asked": len(asked)})

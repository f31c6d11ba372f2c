"""`/v1/tasks`: what people are asked to do."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from processors.task_list import Place, TaskQuery, select
from schemas.errors import UsageError
from schemas.task import Task
from streams.api.guard import GuardedRoute
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.tags import KEPT, is_known, tag, tagged, unchanged
from streams.api.texts import Text

router = APIRouter(prefix="/v1/tasks", route_class=GuardedRoute, tags=["tasks"])

TaskId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$", description="The task's whole id.")]
Asked = Annotated[Services, Depends(services_of)]


class TaskFilters(BaseModel):
    """What a task must have to be listed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: Text = Field("", description="Only tasks that this person may answer, by mail address.")
    status: Literal["", "open", "claimed", "done", "expired", "cancelled", "all"] = Field(
        "", description="By default those that have not ended."
    )
    workflow: Text = ""
    kind: Literal["", "approval", "form", "claim", "choice"] = ""
    overdue: bool = Field(default=False, description="Only tasks whose moment has passed.")
    limit: int = Field(50, ge=1, le=500, description="At most this many; what is due first comes first.")
    after: Text = Field("", description="The `after` of the page before.")


class TaskPage(BaseModel):
    """One page of tasks; `after` asks for the next one, and is null on the last."""

    tasks: list[Task]
    after: str | None


@router.get("", summary="List tasks, what is due first first", response_model=TaskPage)
async def list_tasks(filters: Annotated[TaskFilters, Query()], services: Asked) -> Any:
    """List tasks: what is due first comes first, what is never due last."""
    try:
        after = Place.parse(filters.after) if filters.after else None
    except UsageError:
        raise ProblemError(422, "`after` is no place in a list: give that of the page before.") from None
    query = TaskQuery(
        person=filters.person,
        status=filters.status,
        workflow_id=filters.workflow,
        kind=filters.kind,
        overdue=services.clock.now() if filters.overdue else None,
    )
    await services.board.refresh()
    found = [
        task
        for task in select(services.board.tasks.values(), query)
        if after is None or Place.of(task) > after
    ]
    page = found[: filters.limit]
    return {"tasks": page, "after": str(Place.of(page[-1])) if len(found) > len(page) else None}


@router.get("/{task_id}", summary="Show a task", response_model=Task, **KEPT)
async def show_task(task_id: TaskId, request: Request, response: Response, services: Asked) -> Any:
    """Show a task as it stands. Its entity tag is its revision."""
    task = await one_task(services, task_id)
    if is_known(request, tag_of(task)):
        return unchanged(tag_of(task))
    response.headers.update(tagged(tag_of(task)))
    return task


async def one_task(services: Services, task_id: str) -> Task:
    """Give the task with this very id, as of now. Raises a `ProblemError` where there is none."""
    await services.board.refresh()
    task = services.board.tasks.get(task_id)
    if task is None:
        raise ProblemError(404, "There is no such task.")
    return task


def tag_of(task: Task) -> str:
    """Give a task's entity tag."""
    return tag(str(task.revision))

"""`POST /v1/tasks/{id}/commands`: answering tasks."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from processors.commanding import about_task
from streams.api.command_bodies import CommandAnswer, TaskCommand
from streams.api.commanding import RESPONSES, carry, said, told_before
from streams.api.guard import GuardedRoute
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.tags import MATCHED, may_change
from streams.api.tasks import TaskId, one_task, tag_of

router = APIRouter(prefix="/v1/tasks", route_class=GuardedRoute, tags=["tasks"])


@router.post(
    "/{task_id}/commands",
    summary="Answer a task",
    response_model=CommandAnswer,
    responses=RESPONSES,
    **MATCHED,
)
async def command_task(
    task_id: TaskId,
    body: TaskCommand,
    request: Request,
    response: Response,
    services: Annotated[Services, Depends(services_of)],
) -> Any:
    """Approve, reject, fill, draft, claim, release, delegate or choose.

    `If-Match` with the entity tag of the task that somebody looked at refuses an answer to another one (412);
    of two answers that come at the same moment the engine takes the first. With the same `Idempotency-Key` it
    is the same command: it is done once, and answered again.
    """
    task = await one_task(services, task_id)
    command = about_task(task, body.command, said(request, body), values=body.values, to=body.to)
    if not may_change(request, tag_of(task)):
        # What this command itself changed is no reason to refuse its repeat.
        if (before := await told_before(request, command)) is not None:
            return before
        raise ProblemError(412, "The task is not as it was: look at it again.", {"ETag": tag_of(task)})
    return await carry(request, response, command, on=task.id)

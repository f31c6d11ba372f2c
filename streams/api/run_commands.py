"""`POST /v1/runs/{id}/commands`: correcting runs."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from processors.commanding import about_run
from streams.api.command_bodies import CommandAnswer, RunCommand
from streams.api.commanding import RESPONSES, carry, said
from streams.api.guard import GuardedRoute
from streams.api.runs import RunId, one_run
from streams.api.services import Services, services_of

router = APIRouter(prefix="/v1/runs", route_class=GuardedRoute, tags=["runs"])


@router.post("/{run_id}/commands", summary="Correct a run", response_model=CommandAnswer, responses=RESPONSES)
async def command_run(
    run_id: RunId,
    body: RunCommand,
    request: Request,
    response: Response,
    services: Annotated[Services, Depends(services_of)],
) -> Any:
    """Retry, cancel, skip, rerun, start, migrate or reassign a run.

    With the same `Idempotency-Key` it is the same command: it is done once, and answered again.
    """
    run = await one_run(services, run_id)
    command = about_run(
        run,
        body.command,
        said(request, body),
        step_id=body.step,
        version=body.version,
        values=_values(body),
        to=(body.to,) if body.to else (),
    )
    return await carry(request, response, command, on=run.run_id)


def _values(body: RunCommand) -> Mapping[str, str]:
    if body.command == "reassign":
        return {"name": body.name} if body.name else {}
    return body.steps

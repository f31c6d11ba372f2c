"""`POST /v1/workflows/{name}/commands`: which version is in force, and which is forgotten."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from processors.applying import Applied
from processors.commanding import Outcome
from schemas.audit import FAILED
from schemas.errors import RefusedError, UnavailableError, UsageError
from streams.api.audit import Audit
from streams.api.guard import GuardedRoute
from streams.api.person import person_of
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.tags import MATCHED, may_change
from streams.api.workflows import WorkflowName, line_of, tag_of

router = APIRouter(prefix="/v1/workflows", route_class=GuardedRoute, tags=["workflows"])


class WorkflowCommand(BaseModel):
    """What is wanted of a workflow. Without `version`, `activate` means the latest; a `delete` needs it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: Literal["activate", "retire", "delete"]
    version: int | None = Field(None, ge=1, le=10**9)
    dry_run: bool = Field(default=False, description="Say what would be done, and do nothing.")


class WorkflowAnswer(BaseModel):
    """What was done, or would be, in words; `changed` is false where it was so already."""

    changed: bool
    what: str


@router.post("/{name}/commands", summary="Activate, retire or delete", **MATCHED)
async def command_workflow(
    name: WorkflowName,
    body: WorkflowCommand,
    request: Request,
    services: Annotated[Services, Depends(services_of)],
) -> WorkflowAnswer:
    """Let a version start the runs from now on, start no more, or forget a version that nobody needs.

    It says how things are to be, so saying it twice changes nothing. A version is not deleted while it is
    active or runs of it are open (409). Every process hears of it within seconds.
    """
    if body.command == "delete" and body.version is None:
        raise ProblemError(422, "A delete needs its `version`.")
    catalogue = services.catalogue()
    if catalogue.latest(name) is None:
        raise ProblemError(404, "There is no such workflow.")
    current = tag_of(line_of(catalogue, name))
    if not may_change(request, current):
        raise ProblemError(412, "The workflow is not as it was: look at it again.", {"ETag": current})
    if body.dry_run:
        done = await _asked(services, name, body, person_of(request).actor)
    else:
        done = await _audited(request, services, name, body)
    return WorkflowAnswer(changed=bool(done.records), what=done.what)


async def _audited(request: Request, services: Services, name: str, body: WorkflowCommand) -> Applied:
    on = name if body.version is None else f"{name} v{body.version}"
    audit = Audit(request, f"workflow.{body.command}", on)
    await audit.asked("")
    try:
        done = await _asked(services, name, body, person_of(request).actor)
    except ProblemError:
        await audit.went(Outcome.REFUSED)
        raise
    except UnavailableError:
        await audit.went(FAILED)
        raise
    await audit.went(Outcome.DONE)
    return done


async def _asked(services: Services, name: str, body: WorkflowCommand, actor: str) -> Applied:
    """Have it done. Raises a `ProblemError` with the reason where it cannot be."""
    how: dict[str, Any] = {"actor": actor, "dry_run": body.dry_run}
    try:
        match body.command:
            case "activate":
                return await services.versions.activate(name, body.version, **how)
            case "retire":
                return await services.versions.retire(name, **how)
            case _:
                return await services.versions.delete(name, body.version or 0, **how)
    except UsageError:
        raise ProblemError(404, "The workflow has no such version.") from None
    except RefusedError as error:
        raise ProblemError(409, f"{error.what}.") from None

"""`/v1/workflows`: which there are, and what a version says."""

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from processors.catalogue import Catalogue
from processors.versions import status
from schemas.definition.documents import Activation, WorkflowVersion
from streams.api.guard import GuardedRoute
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.tags import KEPT, is_known, tag, tagged, unchanged

router = APIRouter(prefix="/v1/workflows", route_class=GuardedRoute, tags=["workflows"])

Asked = Annotated[Services, Depends(services_of)]
WorkflowName = Annotated[str, Path(max_length=200)]


Standing = Literal["draft", "active", "retired"]


class WorkflowLine(BaseModel):
    """A workflow: `since` when it stands so, and the version `active` that starts new runs, if one does.

    A retired workflow starts no more runs; its open ones go on.
    """

    name: str
    title: str
    status: Standing
    active: int | None
    since: str
    versions: list[int]
    stages: tuple[str, ...]


class WorkflowList(BaseModel):
    """Every workflow that was applied, by name."""

    workflows: list[WorkflowLine]


class WholeWorkflow(WorkflowLine):
    """A workflow with the definition of a version, how that one stands, and everything that it names."""

    version_status: Standing
    definition: WorkflowVersion


class Which(BaseModel):
    """Which version is asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int | None = Field(None, ge=1, description="By default the active one, else the latest.")


@router.get("", summary="List workflows", response_model=WorkflowList)
async def list_workflows(services: Asked) -> Any:
    """List every workflow that was applied."""
    catalogue = services.catalogue()
    return {
        "workflows": [line_of(catalogue, name) for name in sorted({name for name, _ in catalogue.versions})]
    }


@router.get("/{name}", summary="Show a workflow", response_model=WholeWorkflow, **KEPT)
async def show_workflow(
    name: WorkflowName,
    which: Annotated[Which, Query()],
    request: Request,
    response: Response,
    services: Asked,
) -> Any:
    """Show a workflow with the definition of a version."""
    catalogue = services.catalogue()
    if catalogue.latest(name) is None:
        raise ProblemError(404, "There is no such workflow.")
    line = line_of(catalogue, name)
    number = which.version or line.active or max(line.versions)
    version = catalogue.versions.get((name, number))
    if version is None:
        raise ProblemError(404, "The workflow has no such version.")
    current = tag_of(line, number)
    if is_known(request, current):
        return unchanged(current)
    response.headers.update(tagged(current))
    return WholeWorkflow(
        **line.model_dump(), version_status=_standing(catalogue, name, number), definition=version
    )


def tag_of(line: WorkflowLine, number: int = 0) -> str:
    """Give the entity tag of a workflow shown with a version, by default the one shown without asking."""
    shown = number or line.active or max(line.versions)
    return tag(f"{shown}-{line.active or line.status}-{max(line.versions)}")


def line_of(catalogue: Catalogue, name: str) -> WorkflowLine:
    """Give a workflow that was applied in one line."""
    activation = catalogue.activations.get(name, Activation())
    versions = sorted(number for known, number in catalogue.versions if known == name)
    shown = catalogue.versions[name, activation.version if activation.version in versions else versions[-1]]
    return WorkflowLine(
        name=name,
        title=shown.workflow.title,
        status=_standing(catalogue, name),
        active=activation.version or None,
        since=activation.since,
        versions=versions,
        stages=shown.workflow.trigger.stages,
    )


def _standing(catalogue: Catalogue, name: str, number: int = 0) -> Standing:
    return cast("Standing", status(catalogue, name, number))

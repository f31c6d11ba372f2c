"""`/v1/runs`: what became of deals."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from processors.history import RunStory, tell
from schemas.errors import UnreadableError, UsageError
from schemas.ids import id18, is_salesforce_id
from schemas.run_event import RunEvent
from schemas.run_query import Cursor, RunQuery
from schemas.run_summary import RunSummary
from streams.api.guard import GuardedRoute
from streams.api.moments import WrittenMoment
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.tags import KEPT, is_known, tag, tagged, unchanged
from streams.api.texts import Text

router = APIRouter(prefix="/v1/runs", route_class=GuardedRoute, tags=["runs"])

RunId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$", description="The run's whole id.")]
Asked = Annotated[Services, Depends(services_of)]


class RunFilters(BaseModel):
    """What a run must have to be listed; as `dealwire runs list` has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Text = ""
    workflow: Text = ""
    org: Text = ""
    stage: Text = ""
    step: Text = ""
    outcome: Text = ""
    owner: Text = ""
    since: WrittenMoment | None = Field(None, description="Only runs begun from then on.")
    until: WrittenMoment | None = Field(None, description="Only runs begun before then.")
    text: Text = Field("", description="Only runs with this in reason, opportunity or names.")
    limit: int = Field(50, ge=1, le=500, description="At most this many, newest first.")
    after: Text = Field("", description="The `after` of the page before.")


class RunLine(BaseModel):
    """A run in one line. `due` is when it goes on by itself, where it waits for a time."""

    model_config = ConfigDict(from_attributes=True)

    run_id: str
    org_id: str
    opportunity_id: str
    workflow_id: str
    workflow_version: int
    stage: str
    status: str
    outcome: str
    reason: str
    step_id: str
    owner: str
    names: str
    open_tasks: tuple[str, ...]
    due: datetime | None
    started_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    sequence: int
    events: int


class RunPage(BaseModel):
    """One page of runs; `after` asks for the next one, and is null on the last."""

    runs: list[RunLine]
    after: str | None


class StepLine(BaseModel):
    """One step of a run as it went. `input` and `output` are JSON objects as text, or empty."""

    model_config = ConfigDict(from_attributes=True)

    step_id: str
    step_type: str
    status: str
    attempts: int
    started_at: datetime | None
    ended_at: datetime | None
    input: str
    output: str
    error: str


class WholeRun(RunLine):
    """A run with its steps, and the events that are of no step."""

    steps: list[StepLine]
    others: list[RunEvent]


@router.get("", summary="List runs, newest first", response_model=RunPage)
async def list_runs(filters: Annotated[RunFilters, Query()], services: Asked) -> Any:
    """List runs, newest first."""
    query = _query(filters)
    found = await services.history.select(query)
    page, more = found[: filters.limit], len(found) > filters.limit
    return {
        "runs": [RunLine.model_validate(run) for run in page],
        "after": str(Cursor.of(page[-1])) if more else None,
    }


@router.get("/{run_id}", summary="Show a run whole", response_model=WholeRun, **KEPT)
async def show_run(run_id: RunId, request: Request, response: Response, services: Asked) -> Any:
    """Show a run whole: each step with input, output, error and times, and whatever else was told of it."""
    run = await one_run(services, run_id)
    current = tag(f"{run.sequence}-{run.events}")
    if is_known(request, current):
        return unchanged(current)
    response.headers.update(tagged(current))
    told = tell({}, await services.history.told(run.run_id))
    story = told.get(run.run_id, RunStory(summary=run))
    return WholeRun(
        **RunLine.model_validate(run).model_dump(),
        steps=[StepLine.model_validate(step) for step in story.steps],
        others=list(story.others),
    )


async def one_run(services: Services, run_id: str) -> RunSummary:
    """Give the run with this very id. Raises a `ProblemError` where there is none."""
    for run in await services.history.find(run_id, limit=1):
        if run.run_id == run_id:
            return run
    raise ProblemError(404, "No such run is in the history.")


def _query(filters: RunFilters) -> RunQuery:
    try:
        after = Cursor.parse(filters.after) if filters.after else None
    except UsageError:
        raise ProblemError(422, "`after` is no place in a list: give that of the page before.") from None
    try:
        org_id = id18(filters.org) if is_salesforce_id(filters.org) else filters.org
    except UnreadableError:
        raise ProblemError(422, "`org` is no record id of Salesforce.") from None
    return RunQuery(
        org_id=org_id,
        stage=filters.stage,
        workflow_id=filters.workflow,
        outcome=filters.outcome,
        status=filters.status,
        step_id=filters.step,
        owner=filters.owner,
        since=filters.since,
        until=filters.until,
        text=filters.text,
        limit=filters.limit + 1,  # one more tells whether there are more
        after=after,
    )

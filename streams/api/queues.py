"""`/v1/queues`: who takes accounts, whose turn it is, and who is not there."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from processors.absences import FOR_GOOD
from processors.commanding import Outcome
from processors.queue_view import QueueView, view
from schemas.audit import FAILED
from schemas.definition.queue import Absence
from schemas.errors import UnavailableError, UsageError
from schemas.queue_state import QueueState
from streams.api.audit import Audit
from streams.api.guard import GuardedRoute
from streams.api.person import person_of
from streams.api.problems import ProblemError
from streams.api.queue_bodies import AbsenceAnswer, AbsenceCommand, QueueLine, QueuePage, WholeQueue
from streams.api.services import Services, services_of
from streams.api.texts import Text

router = APIRouter(prefix="/v1", route_class=GuardedRoute, tags=["queues"])

Asked = Annotated[Services, Depends(services_of)]


class QueueFilters(BaseModel):
    """Which page is asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int = Field(50, ge=1, le=500, description="At most this many, by name.")
    after: Text = Field("", description="The `after` of the page before.")


@router.get("/queues", summary="List queues", response_model=QueuePage)
async def list_queues(filters: Annotated[QueueFilters, Query()], services: Asked) -> Any:
    """List queues with their people, and who is not there now."""
    names = sorted(name for name in services.catalogue().queues if name > filters.after)
    page = names[: filters.limit]
    return {
        "queues": [QueueLine.model_validate(_view(services, name, {})) for name in page],
        "after": page[-1] if len(names) > len(page) else None,
    }


@router.get("/queues/{name}", summary="Show a queue", response_model=WholeQueue)
async def show_queue(name: Annotated[str, Path(max_length=200)], services: Asked) -> Any:
    """Show a queue: its people, who is away and why, turns and open accounts."""
    if name not in services.catalogue().queues:
        raise ProblemError(404, "There is no such queue.")
    states = (await services.queue_states()).get(name, {})
    return WholeQueue.model_validate(_view(services, name, states))


@router.post("/absences", summary="Pause or resume somebody", response_model=AbsenceAnswer)
async def command_absence(body: AbsenceCommand, request: Request, services: Asked) -> Any:
    """Give no more accounts to somebody, in any queue, or give them again. What they have they keep.

    It says how things are to be, so saying it twice changes nothing; an `Idempotency-Key` is not needed.
    """
    absence = Absence(until=body.until or FOR_GOOD, reason=body.reason.strip())
    audit = Audit(request, f"absence.{body.command}", body.email)
    await audit.asked("")
    try:
        found = await services.pause(
            body.email,
            absence if body.command == "pause" else None,
            at=services.clock.now(),
            actor=person_of(request).actor,
        )
    except UsageError:
        await audit.went(Outcome.REFUSED)
        why = "They are in no queue" + (", or the day is over." if body.until else ".")
        raise ProblemError(409, why) from None
    except UnavailableError:
        await audit.went(FAILED)
        raise
    await audit.went(Outcome.DONE)
    return {"changed": found is not None, "queues": found or []}


def _view(services: Services, name: str, states: Mapping[str, QueueState]) -> QueueView:
    catalogue = services.catalogue()
    return view(catalogue.queues[name], catalogue.absences, states, services.clock.now())

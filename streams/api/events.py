"""`/v1/events`: run events as they happen, as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from schemas.run_event import RunEvent
from streams.api.guard import GuardedRoute
from streams.api.live import Audience, Wanted
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.texts import Text

router = APIRouter(prefix="/v1/events", route_class=GuardedRoute, tags=["events"])

HEARTBEAT_S = 15.0
LONGEST_S = 3600.0
"""Then a client comes again, and is looked at again at the door."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventFilters(BaseModel):
    """Which events are wanted; empty is all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: Text = Field("", description="Only events of this run, by its whole id.")
    workflow: Text = Field("", description="Only events of this workflow's runs.")

    def wants(self, event: RunEvent) -> bool:
        """Whether an event is wanted."""
        return self.run in ("", event.run_id) and self.workflow in ("", event.workflow_id)


@router.get(
    "",
    summary="Listen to run events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events as they happen."}},
)
async def listen(
    filters: Annotated[EventFilters, Query()], services: Annotated[Services, Depends(services_of)]
) -> StreamingResponse:
    """Give run events from now on, each as `data` in JSON; a comment every 15 seconds while it is quiet.

    What happened before, or while nobody listened, stands in the runs. An `event: end` says why no more come;
    a client that does not keep up is ended so.
    """
    if services.audience.full:
        raise ProblemError(503, "As many listen as may.", {"Retry-After": "30"})
    return StreamingResponse(
        told(services.audience, filters.wants), media_type="text/event-stream", headers=_HEADERS
    )


async def told(
    audience: Audience, wanted: Wanted, *, heartbeat_s: float = HEARTBEAT_S, longest_s: float = LONGEST_S
) -> AsyncIterator[str]:
    """Give the stream's text (HTML, "Server-sent events"), piece by piece."""
    ends = asyncio.get_running_loop().time() + longest_s
    with audience.listening(wanted) as listener:
        yield ": listening\n\n"
        while asyncio.get_running_loop().time() < ends:
            try:
                async with asyncio.timeout(heartbeat_s):
                    event = await listener.next()
            except TimeoutError:
                yield ": quiet\n\n"
                continue
            if event is None:
                yield f"event: end\ndata: {json.dumps({'why': listener.over})}\n\n"
                return
            yield f"data: {event.model_dump_json()}\n\n"
    yield f"event: end\ndata: {json.dumps({'why': 'come again'})}\n\n"

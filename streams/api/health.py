"""`/live`, `/ready` and `/metrics`: whether this process is well, for whoever runs it."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse

from streams.api.guard import GuardedRoute
from streams.api.services import Services, services_of
from streams.metrics import METRICS_TYPE

router = APIRouter(route_class=GuardedRoute, tags=["health"])


@router.get("/live", summary="Whether the process is alive", response_class=PlainTextResponse)
async def live() -> PlainTextResponse:
    """Answer at all."""
    return PlainTextResponse("ok\n")


@router.get("/ready", summary="Whether it can answer", response_class=PlainTextResponse)
async def ready(services: Annotated[Services, Depends(services_of)]) -> PlainTextResponse:
    """Say whether Kafka and the definitions are there: 200, else 503."""
    good = services.ready()
    return PlainTextResponse("ok\n" if good else "no\n", 200 if good else 503)


@router.get(
    "/metrics",
    summary="Give the metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus text."}},
)
async def metrics(services: Annotated[Services, Depends(services_of)]) -> PlainTextResponse:
    """Give requests by route, method and status, how long they took, and what else this process counts."""
    return PlainTextResponse(services.metrics.render(), media_type=METRICS_TYPE)

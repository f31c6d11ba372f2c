"""The API as an ASGI application, made of its resources."""

from fastapi import FastAPI

from streams.api import (
    account_commands,
    accounts,
    audit_records,
    dead_letter_work,
    dead_letters,
    definition_checks,
    events,
    explanations,
    health,
    queues,
    run_commands,
    runs,
    task_commands,
    task_page,
    tasks,
    trials,
    workflow_commands,
    workflows,
)
from streams.api.measured import Measured
from streams.api.problems import ProblemDetails, answer_with_problems
from streams.api.request_id import Named
from streams.api.sealed import Sealed
from streams.api.services import Services
from streams.api.used_keys import UsedKeys

RESOURCES = (
    runs.router,
    run_commands.router,
    tasks.router,
    task_commands.router,
    events.router,
    explanations.router,
    workflows.router,
    workflow_commands.router,
    definition_checks.router,
    trials.router,
    queues.router,
    accounts.router,
    account_commands.router,
    dead_letters.router,
    dead_letter_work.router,
    audit_records.router,
    task_page.router,
    health.router,
)


def make_app(services: Services | None) -> FastAPI:
    """Make the application. Without services it only describes itself, for the docs."""
    app = FastAPI(
        title="dealwire",
        version="1",
        description="Runs, tasks and all around them. Failures are problem details (RFC 9457).",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        responses={"default": {"description": "A failure.", "model": ProblemDetails}},
    )
    app.state.services = services
    app.state.used_keys = UsedKeys()
    for router in RESOURCES:
        app.include_router(router)
    app.add_middleware(Sealed)
    if services is not None:
        app.add_middleware(Measured, metrics=services.metrics)
    app.add_middleware(Named)
    answer_with_problems(app)
    return app

"""`POST /v1/definition-checks`: what is wrong with definitions, before anybody applies them."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from processors.lint_library import ERROR, Finding
from processors.lint_org import OrgFacts, lint_against
from schemas.errors import DefinitionError, UsageError
from streams.api.definition_files import DefinitionFiles, placed_of
from streams.api.guard import GuardedRoute
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.texts import Text
from streams.definitions import check

router = APIRouter(prefix="/v1", route_class=GuardedRoute, tags=["workflows"])


class CheckRequest(DefinitionFiles):
    """Definitions to check, and perhaps an org to hold their stages and custom fields to."""

    org: Text = Field("", description="An org, by its name in the settings.")


class FoundLine(BaseModel):
    """Something wrong, where it stands (lines and columns count from 1), and what to do."""

    model_config = ConfigDict(from_attributes=True)

    severity: Literal["error", "warning"]
    file: str
    line: int
    column: int
    what: str
    todo: str


class CheckAnswer(BaseModel):
    """What was found. Definitions are `sound` without an error: then they can be applied."""

    sound: bool
    definitions: int
    findings: list[FoundLine]


@router.post("/definition-checks", summary="Check definitions", response_model=CheckAnswer)
async def check_definitions(body: CheckRequest, services: Annotated[Services, Depends(services_of)]) -> Any:
    """Find what is wrong with definition files, as `dealwire workflows lint` does. Nothing is applied."""
    facts = None
    if body.org:
        try:
            facts = await services.trying.org_facts(body.org)
        except UsageError:
            raise ProblemError(422, "No org of that name is connected.") from None
    count, findings = await asyncio.to_thread(_checked, body, facts)
    return CheckAnswer(
        sound=not any(finding.severity == ERROR for finding in findings),
        definitions=count,
        findings=[FoundLine.model_validate(finding) for finding in findings],
    )


def _checked(body: CheckRequest, facts: OrgFacts | None) -> tuple[int, list[Finding]]:
    try:
        placed = placed_of(body.files)
        found = check(placed)
    except DefinitionError as error:
        file = error.on.partition(":")[0]
        return 0, [Finding(ERROR, file, error.line, error.column, error.what, error.todo)]
    return len(placed), [*found, *(lint_against(placed, facts) if facts is not None else ())]

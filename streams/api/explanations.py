"""`/v1/explanations/{id}`: why a run stands where it stands, or why a deal has none."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from schemas.errors import UsageError
from schemas.ids import id18, is_salesforce_id
from streams.api.guard import GuardedRoute
from streams.api.problems import ProblemError
from streams.api.runs import RunLine
from streams.api.services import Services, services_of

router = APIRouter(prefix="/v1/explanations", route_class=GuardedRoute, tags=["runs"])

About = Annotated[
    str,
    Path(pattern=r"^[A-Za-z0-9-]{8,64}$", description="A run's id or its beginning, or an opportunity's id."),
]


class Explanation(BaseModel):
    """A sentence, and the run that it is about; null where it is about there being none."""

    sentence: str
    run: RunLine | None


class Explanations(BaseModel):
    """What there is to say, a sentence for each run."""

    explanations: list[Explanation]


@router.get("/{about}", summary="Say why a run waits, failed, or never began", response_model=Explanations)
async def explain(about: About, services: Annotated[Services, Depends(services_of)]) -> Any:
    """Say in a sentence why a run waits, failed or ended, or why a deal never started one.

    For a deal without a run the stage topic is read whole, so it takes as long as that is large.
    """
    beginning = id18(about) if is_salesforce_id(about) else about
    try:
        found = await services.explain(beginning)
    except UsageError:
        raise ProblemError(404, "No such run is in the history, and it is no opportunity's id.") from None
    return {
        "explanations": [
            {
                "sentence": each.sentence,
                "run": RunLine.model_validate(each.run) if each.run is not None else None,
            }
            for each in found
        ]
    }

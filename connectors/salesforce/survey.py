"""What an org lets us see and use, asked once at the start: three API calls."""

from dataclasses import dataclass

from connectors.salesforce.describe import Limits, describe, limits, stages
from connectors.salesforce.lookup_query import OBJECTS, build
from connectors.salesforce.rest import RestClient

__all__ = ["Survey", "survey"]


@dataclass(frozen=True, slots=True)
class Survey:
    """Which of the fields we read are hidden from the integration user, the stages, and what is left."""

    unreadable: tuple[str, ...]
    stages: tuple[str, ...]
    limits: Limits | None
    """None where the user lacks View Setup and Configuration."""


async def survey(rest: RestClient) -> Survey:
    """Ask. Raises `UnavailableError`, or `RefusedError` where the API as such is closed to us."""
    described = await describe(rest, OBJECTS)
    hidden = build(described, ()).unreadable
    known = tuple(stage.name for stage in await stages(rest))
    return Survey(hidden, known, await limits(rest))

"""What the integration user may read: fields that field-level security hides are simply not described."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from connectors.salesforce.composite import FailedPart, query_path, read_together
from connectors.salesforce.rest import RestClient
from schemas.errors import RefusedError, UnavailableError

__all__ = ["Described", "Limits", "SObject", "Stage", "describe", "limits", "sobject_of", "stages"]

_log = structlog.get_logger(__name__)

_STAGES = (
    "SELECT ApiName, DefaultProbability, IsClosed, IsWon FROM OpportunityStage "
    "WHERE IsActive = true ORDER BY SortOrder"
)


@dataclass(frozen=True, slots=True)
class SObject:
    """One object: its readable fields' types by name, and the names of its child relationships."""

    name: str
    types: Mapping[str, str] = field(default_factory=dict)
    children: frozenset[str] = frozenset()

    def find(self, name: str) -> str | None:
        """Give a field's name as the org writes it; None if it is not there or may not be read."""
        if name in self.types:
            return name
        return next((known for known in self.types if known.lower() == name.lower()), None)


Described = Mapping[str, SObject]
"""Objects by name; one that may not be read at all is not there."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is left of the org's allocations of 24 hours; `None` where it does not say."""

    api_calls_left: int | None
    events_left: int | None


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of opportunities, by the name that `StageName` holds; its probability is in percent."""

    name: str
    probability: int = 0
    is_closed: bool = False
    is_won: bool = False


async def describe(rest: RestClient, names: Sequence[str]) -> Described:
    """Describe objects, up to 25, in one API call.

    Raises `UnavailableError`, also where only one of them is not answered, or `RefusedError`.
    """
    answers = await read_together(rest, [f"sobjects/{name}/describe" for name in names])
    found: dict[str, SObject] = {}
    for name, answer in zip(names, answers, strict=True):
        if not isinstance(answer, FailedPart):
            found[name] = sobject_of(name, answer)
        elif isinstance(answer.error, UnavailableError):
            raise answer.error
        else:
            _log.warning("salesforce object not readable", sobject=name, reason=answer.error.what)
    return found


def sobject_of(name: str, body: Any) -> SObject:
    """Read a describe answer. Raises `UnavailableError` for one that is none."""
    try:
        types = {str(each["name"]): str(each["type"]) for each in body["fields"]}
        children = frozenset(
            str(each["relationshipName"])
            for each in body.get("childRelationships") or ()
            if each.get("relationshipName")
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UnavailableError("Salesforce answers a description without fields", on=name) from error
    return SObject(name, types, children)


async def stages(rest: RestClient) -> tuple[Stage, ...]:
    """Give the active opportunity stages in their order."""
    answer = await rest.call("GET", query_path(_STAGES))
    return tuple(
        Stage(
            str(record["ApiName"]),
            int(record["DefaultProbability"] or 0),
            is_closed=bool(record["IsClosed"]),
            is_won=bool(record["IsWon"]),
        )
        for record in answer["records"]
    )


async def limits(rest: RestClient) -> Limits | None:
    """Give what is left; None where the user lacks View Setup and Configuration."""
    try:
        answer = await rest.call("GET", "limits")
    except RefusedError as error:
        _log.info("salesforce limits not readable", reason=error.what)
        return None
    return Limits(_left(answer, "DailyApiRequests"), _left(answer, "DailyDeliveredPlatformEvents"))


def _left(answer: Any, name: str) -> int | None:
    entry = answer.get(name) if isinstance(answer, dict) else None
    left = entry.get("Remaining") if isinstance(entry, dict) else None
    return left if isinstance(left, int) else None

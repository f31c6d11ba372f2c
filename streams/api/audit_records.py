"""`/v1/audit`: who wanted what changed, and how it went. For admins."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from connectors.kafka.pages import Places
from schemas.audit import AuditRecord
from streams.api.guard import GuardedRoute
from streams.api.moments import WrittenMoment
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.texts import Text
from streams.audit_trail import AuditQuery

router = APIRouter(prefix="/v1/audit", route_class=GuardedRoute, tags=["audit"])

_PLACES = re.compile(r"\d{1,6}:\d{1,18}(_\d{1,6}:\d{1,18})*", re.ASCII)


class AuditFilters(BaseModel):
    """What a record must have to be shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actor: Text = Field("", description="Only what this person wanted, by mail address.")
    action: Text = Field("", description="Only this, such as `run.retry`.")
    on: Text = Field("", description="Only what is about this run, task, account, letter or work.")
    outcome: Text = Field("", description="Only what went so: `asked`, `done`, `refused`, `denied` ...")
    since: WrittenMoment | None = Field(None, description="Only from then on.")
    limit: int = Field(50, ge=1, le=500, description="At most this many, the earliest first.")
    after: Annotated[str, StringConstraints(max_length=20_000)] = Field(
        "", description="The `after` of the page before."
    )


class AuditLines(BaseModel):
    """One page of audit records; `after` asks for the next one, and is null at the end.

    A page may hold less than its limit, even nothing, before the end: a search pauses after some thousands.
    """

    records: list[AuditRecord]
    after: str | None


@router.get("", summary="Read the audit", response_model=AuditLines)
async def read_audit(
    filters: Annotated[AuditFilters, Query()], services: Annotated[Services, Depends(services_of)]
) -> Any:
    """Read who wanted what changed and how it went, the earliest first, from the topic `audit`."""
    query = AuditQuery(
        actor=filters.actor,
        action=filters.action,
        on=filters.on,
        outcome=filters.outcome,
        since=filters.since,
        limit=filters.limit,
    )
    page = await services.audit_trail.read(query, _places(filters.after) if filters.after else None)
    after = "_".join(f"{number}:{offset}" for number, offset in sorted((page.after or {}).items()))
    return {"records": page.records, "after": after or None}


def _places(text: str) -> Places:
    if not _PLACES.fullmatch(text):
        raise ProblemError(422, "`after` is no place in the audit: give that of the page before.")
    pairs = (part.split(":") for part in text.split("_"))
    return {int(number): int(offset) for number, offset in pairs}

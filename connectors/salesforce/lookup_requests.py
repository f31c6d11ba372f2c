"""Which requests can be asked at all, and the words for what was not found. Pure."""

from schemas.deal import EnrichmentRequest
from schemas.errors import RefusedError, UnreadableError
from schemas.ids import id18

__all__ = ["gone", "refusal"]

_PREFIX = "006"


def refusal(request: EnrichmentRequest, org_id: str) -> RefusedError | None:
    """Say why a request may not be asked; None if it may."""
    try:
        opportunity_id = id18(request.opportunity_id)
    except UnreadableError as error:
        return RefusedError(error.what, on=f"enrichment request {request.id}", todo=error.todo)
    if not opportunity_id.startswith(_PREFIX):
        return RefusedError(f"{opportunity_id} is no opportunity's id", on=f"enrichment request {request.id}")
    if request.org_id != org_id:
        return RefusedError(
            f"the request is for org {request.org_id[:18]!r}, this lookup reads org {org_id}",
            on=f"enrichment request {request.id}",
            todo="Check which org each login_url leads to.",
        )
    return None


def gone(opportunity_id: str) -> RefusedError:
    """Say that an opportunity was not answered; Salesforce does not tell deleted from hidden."""
    return RefusedError(
        "Salesforce does not have the opportunity, or hides it from the integration user",
        on=f"opportunity {opportunity_id}",
        todo="If it is not deleted, share it with the integration user.",
    )

"""Deals held in memory: the twin of the lookup over REST, for tests of what is built on it."""

from collections.abc import Iterable, Sequence

from connectors.ports import Clock, SystemClock
from connectors.salesforce.lookup_requests import gone, refusal
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.errors import DealwireError, UnavailableError
from schemas.ids import derived_id, id18

__all__ = ["MemoryDealLookup"]


class MemoryDealLookup:
    """Answers with the deals it was given, as those of `org_id`. `calls` counts answered fetches."""

    def __init__(
        self, org_id: str, deals: Iterable[EnrichedDeal] = (), *, clock: Clock | None = None
    ) -> None:
        self._org_id = org_id
        self._clock = clock or SystemClock()
        self.deals = {deal.opportunity_id: deal for deal in deals}
        """By the opportunity's id of 18 characters. A test may change them."""
        self.unavailable: UnavailableError | None = None
        """Raised by every fetch while it is set."""
        self.calls = 0

    async def fetch(self, requests: Sequence[EnrichmentRequest]) -> Sequence[EnrichedDeal | DealwireError]:
        """Answer each request in its place."""
        if not requests:
            return []
        if self.unavailable is not None:
            raise self.unavailable
        self.calls += 1
        return [refusal(request, self._org_id) or self._found(request) for request in requests]

    async def close(self) -> None:
        """Nothing is held open."""

    def _found(self, request: EnrichmentRequest) -> EnrichedDeal | DealwireError:
        opportunity_id = id18(request.opportunity_id)
        deal = self.deals.get(opportunity_id)
        if deal is None:
            return gone(opportunity_id)
        account = deal.account and deal.account.model_copy(
            update={
                "custom": {
                    name: value
                    for name, value in deal.account.custom.items()
                    if f"Account.{name}" in request.custom_fields
                }
            }
        )
        opportunity = deal.opportunity.model_copy(
            update={
                "custom": {
                    name: value
                    for name, value in deal.opportunity.custom.items()
                    if name in request.custom_fields
                }
            }
        )
        return deal.model_copy(
            update={
                "id": derived_id("enriched", request.id),
                "org_id": self._org_id,
                "request_id": request.id,
                "run_id": request.run_id,
                "as_of": self._clock.now(),
                "account": account,
                "opportunity": opportunity,
                "unreadable_fields": _unreadable(deal, request),
            }
        )


def _unreadable(deal: EnrichedDeal, request: EnrichmentRequest) -> tuple[str, ...]:
    known = set(deal.opportunity.custom)
    if deal.account is not None:
        known |= {f"Account.{name}" for name in deal.account.custom}
    return tuple(sorted({*deal.unreadable_fields, *(set(request.custom_fields) - known)}))

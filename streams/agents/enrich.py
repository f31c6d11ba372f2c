"""Requests become enriched deals: all that wait for one org go into one lookup."""

from collections.abc import Sequence
from typing import Any

from connectors.ports import Outgoing
from processors.previous_stage import with_previous_stage
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.errors import DealwireError, RefusedError
from schemas.ids import record_key
from streams.agents.commands import SIDE_BY_SIDE, bounded, failure
from streams.app import Surroundings, attach, new_app
from streams.envelope import Limits
from streams.job import Job, expect
from streams.metrics import FAILED_ATTEMPTS

ROLE = "enrich"

Found = EnrichedDeal | DealwireError


def enrich(around: Surroundings) -> Any:
    """Make the app that reads `enrichment.requests` and writes `opportunity.enriched`, or why not."""
    app = new_app(ROLE, around.settings)
    how = around.settings.enrich

    async def look_up(requests: Sequence[EnrichmentRequest]) -> Sequence[Found]:
        org = requests[0].org_id
        try:
            return await bounded(_fetch(org, requests), on=f"org {org}")
        except DealwireError as error:
            return [error] * len(requests)

    async def _fetch(org: str, requests: Sequence[EnrichmentRequest]) -> Sequence[Found]:
        lookup = await around.lookup_of(org)
        if lookup is None:
            raise RefusedError(
                "this org is not connected", on=org, todo="Add it under [orgs] and start the workers again."
            )
        return await lookup.fetch(requests)

    async def handle(jobs: Sequence[Job]) -> None:
        requests = [expect(job.record, EnrichmentRequest) for job in jobs]
        answers = await look_up(requests)
        for job, request, answer in zip(jobs, requests, answers, strict=True):
            if isinstance(answer, EnrichedDeal):
                key = record_key(request.org_id, request.opportunity_id)
                deal = with_previous_stage(answer, request)
                await job.emit(Outgoing(deal, key, cause=request.id, run_id=request.run_id))
            else:
                around.metrics.add(FAILED_ATTEMPTS, agent=ROLE)
                await job.emit(failure(request, answer, around.clock.now()))

    limits = Limits(batch=how.max_batch, linger_seconds=how.linger_seconds, side_by_side=SIDE_BY_SIDE)
    attach(app, ROLE, ("enrichment.requests",), handle, around, limits=limits)
    return app

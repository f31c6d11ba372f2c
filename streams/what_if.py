"""Fetches what a draft is tried on: one live deal, or what was recorded. It only reads."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from connectors.kafka.registry import HttpRegistry
from connectors.kafka.scan import scan
from connectors.salesforce.lookup import SalesforceDealLookup
from processors.engine.reading import wanted_fields
from processors.lint_org import OrgFacts
from schemas.base import Record
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.definition.documents import WorkflowVersion
from schemas.errors import DealwireError, DecodeError
from schemas.ids import derived_id, id18
from schemas.run_event import RunEvent
from schemas.topics import TOPICS
from streams.orgs import connected_org, org_facts
from streams.records import Records, connect
from streams.settings import Settings

_DEALS, _EVENTS = TOPICS["opportunity.enriched"], TOPICS["workflow.events"]


@dataclass(frozen=True, slots=True)
class TrialDesk:
    """Fetches what drafts are tried on and held to. Each method raises what Salesforce or Kafka fails by."""

    settings: Settings

    async def org_facts(self, org: str) -> OrgFacts:
        """Give the stages and fields of an org, by its name in the settings."""
        return await org_facts(self.settings, org)

    async def live_deal(self, org: str, opportunity: str, version: WorkflowVersion) -> EnrichedDeal:
        """Read one deal of a connected org with the fields that a version speaks of."""
        async with connected_org(self.settings, org) as rest:
            request = EnrichmentRequest(
                id=derived_id("what-if", opportunity),
                org_id=await rest.org_id(),
                opportunity_id=id18(opportunity),
                custom_fields=tuple(sorted(wanted_fields(version))),
            )
            (found,) = await SalesforceDealLookup(rest).fetch([request])
        if isinstance(found, DealwireError):
            raise found
        return found

    async def recorded(self, since: datetime) -> tuple[list[EnrichedDeal], list[RunEvent], int]:
        """Give the deals that were read and the events told since then; and how many are unreadable."""
        records = await connect(HttpRegistry(self.settings.registry), self.settings.kafka, [_DEALS, _EVENTS])
        read, unreadable = await _read(self.settings, records, _DEALS.name)
        deals = [
            each
            for each in read
            if isinstance(each, EnrichedDeal) and each.as_of is not None and each.as_of >= since
        ]
        # A run that began in time may have been told of before its deal was read; its deal decides.
        told, untold = await _read(self.settings, records, _EVENTS.name)
        return deals, [each for each in told if isinstance(each, RunEvent)], unreadable + untold


async def _read(settings: Settings, records: Records, topic: str) -> tuple[list[Record], int]:
    batches = scan(settings.kafka, topic)
    held: list[Record] = []
    unreadable = 0
    while (batch := await asyncio.to_thread(next, batches, None)) is not None:
        for message in batch:
            if message.value is None:
                continue
            try:
                held.append(await records.decode(message.value))
            except DecodeError:
                unreadable += 1
    return held, unreadable

"""Reads enriched deals of one org: a hundred opportunities, with everything around them, in one API call."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from connectors.ports import Clock, SystemClock
from connectors.salesforce.composite import MOST_QUERIES, FailedPart, query_path, read_together
from connectors.salesforce.describe import Described, describe
from connectors.salesforce.lookup_pages import read_on
from connectors.salesforce.lookup_query import OBJECTS, LookupQuery, build
from connectors.salesforce.lookup_records import deal_of
from connectors.salesforce.lookup_requests import gone, refusal
from connectors.salesforce.rest import RestClient
from schemas.deal import EnrichedDeal, EnrichmentRequest
from schemas.errors import ConfigurationError, DealwireError, RefusedError, UnavailableError
from schemas.ids import id18

__all__ = ["SalesforceDealLookup"]

_log = structlog.get_logger(__name__)

_IDS_PER_QUERY = 50
"""With the rows of their lists they stay below the 2,000 of one page."""
_IDS_PER_CALL = _IDS_PER_QUERY * MOST_QUERIES
_DESCRIPTION_LIVES = timedelta(hours=1)
_DESCRIPTION_IS_NEW = timedelta(minutes=1)
_DESCRIPTION_WRONG = frozenset(["INVALID_FIELD", "INVALID_TYPE"])
_SOMEBODY_MUST_ACT = timedelta(minutes=1)

_Answer = dict[str, Any] | DealwireError


class SalesforceDealLookup:
    """Reads deals over REST. Only fields that the integration user may read are asked for.

    What may be read is described at the first fetch, once an hour, and when a query shows it changed.
    """

    def __init__(self, rest: RestClient, *, clock: Clock | None = None) -> None:
        self._rest = rest
        self._clock = clock or SystemClock()
        self._describing = asyncio.Lock()
        self._described: Described | None = None
        self._described_at: datetime | None = None

    async def fetch(self, requests: Sequence[EnrichmentRequest]) -> Sequence[EnrichedDeal | DealwireError]:
        """Answer each request in its place: the deal, or why not.

        A `RefusedError` in a place is final for it, an `UnavailableError` is not. Raises `UnavailableError`
        when none could be answered, also where Salesforce refuses us: that is no fact about the deals.
        """
        if not requests:
            return []
        try:
            org_id = await self._rest.org_id()
            refused = [refusal(request, org_id) for request in requests]
            asked = [request for request, no in zip(requests, refused, strict=True) if no is None]
            as_of = self._clock.now()
            query, answers = await self._answers(asked)
        except (RefusedError, ConfigurationError) as error:
            raise _not_final(error) from error
        unanswered = [answer for answer in answers.values() if isinstance(answer, UnavailableError)]
        if unanswered and len(unanswered) == len(answers):
            raise unanswered[0]
        return [
            no if no is not None else _placed(answers, request, query, org_id=org_id, as_of=as_of)
            for request, no in zip(requests, refused, strict=True)
        ]

    async def close(self) -> None:
        """Let go of connections."""
        await self._rest.close()

    async def _answers(self, requests: Sequence[EnrichmentRequest]) -> tuple[LookupQuery, dict[str, _Answer]]:
        """Give the record, or what went wrong, of every opportunity that was answered."""
        if not requests:
            return LookupQuery("", (), {}), {}
        ids = list(dict.fromkeys(id18(request.opportunity_id) for request in requests))
        fields = sorted({name for request in requests for name in request.custom_fields})
        query = build(await self._description(), fields)
        parts = await self._parts(query, ids)
        if any(isinstance(page, FailedPart) and page.codes & _DESCRIPTION_WRONG for _, page in parts):
            _log.warning("salesforce fields changed, describing again")
            query = build(await self._description(newer_than=_DESCRIPTION_IS_NEW), fields)
            parts = await self._parts(query, ids)
        answers: dict[str, _Answer] = {}
        for chunk, page in parts:
            answers |= await self._records(chunk, page)
        return query, answers

    async def _parts(
        self, query: LookupQuery, ids: Sequence[str]
    ) -> list[tuple[Sequence[str], Any | FailedPart]]:
        parts: list[tuple[Sequence[str], Any | FailedPart]] = []
        for call in _chunks(ids, _IDS_PER_CALL):
            chunks = list(_chunks(call, _IDS_PER_QUERY))
            paths = [query_path(query.soql(chunk)) for chunk in chunks]
            parts += zip(chunks, await read_together(self._rest, paths), strict=True)
        return parts

    async def _records(self, chunk: Sequence[str], page: Any | FailedPart) -> dict[str, _Answer]:
        try:
            if isinstance(page, FailedPart):
                raise page.error
            await read_on(self._rest, page)
        except UnavailableError as error:
            return dict.fromkeys(chunk, error)
        except RefusedError as error:
            return dict.fromkeys(chunk, _not_final(error))
        found = {str(record.get("Id")): record for record in page["records"] if isinstance(record, dict)}
        return {each: found.get(each) or gone(each) for each in chunk}

    async def _description(self, newer_than: timedelta = _DESCRIPTION_LIVES) -> Described:
        async with self._describing:
            now = self._clock.now()
            if self._described is not None and self._described_at is not None:
                age = now - self._described_at
                if timedelta(0) <= age < newer_than:
                    return self._described
            self._described, self._described_at = await describe(self._rest, OBJECTS), now
            if hidden := build(self._described, ()).unreadable:
                _log.warning("salesforce fields not readable", fields=hidden)
            return self._described


def _placed(
    answers: dict[str, _Answer],
    request: EnrichmentRequest,
    query: LookupQuery,
    *,
    org_id: str,
    as_of: datetime,
) -> EnrichedDeal | DealwireError:
    answer = answers[id18(request.opportunity_id)]
    if isinstance(answer, DealwireError):
        return answer
    return deal_of(answer, request, query, org_id=org_id, as_of=as_of)


def _not_final(error: RefusedError | ConfigurationError) -> UnavailableError:
    """Tell a refusal of us, which says nothing final of a deal."""
    return UnavailableError(error.what, on=error.on, todo=error.todo, retry_after=_SOMEBODY_MUST_ACT)


def _chunks(ids: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))

"""Asks an org for its deals and their histories, within the share of its calls."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import structlog

from connectors.ports import Clock
from connectors.salesforce.composite import MOST_QUERIES, FailedPart, read_together
from connectors.salesforce.describe import describe
from connectors.salesforce.lookup_pages import read_on
from connectors.salesforce.polling.config import PollConfig
from connectors.salesforce.polling.pace import Pace
from connectors.salesforce.polling.query import (
    IDS_PER_QUERY,
    NEWEST,
    ROWS_PER_PAGE,
    Stretch,
    deals,
    histories,
    path,
)
from connectors.salesforce.polling.rows import Move, Row, moves_by_deal, row_of, stamp_of
from connectors.salesforce.rest import RestClient
from schemas.errors import RefusedError

__all__ = ["Reader"]

_DATE, _HISTORY = "LastStageChangeDate", "OpportunityHistories"

_LACKING = {
    _DATE: "Give the integration user read access to the field; without it the moment of an entry may be "
    "two seconds beside that of other sources.",
    _HISTORY: "Give the integration user read access to Opportunity as a whole; without it a deal that moves "
    "twice between two polls tells of the second stage only.",
}

_log = structlog.get_logger(__name__)


class Reader:
    """One org's deals. Every method raises `UnavailableError` or `RefusedError`.

    All calls of `rest` count against the share, so it should be nobody else's.
    """

    def __init__(
        self, config: PollConfig, rest: RestClient, clock: Clock, pause: Callable[[float], Awaitable[None]]
    ) -> None:
        self._rest = rest
        self._clock = clock
        self._pause = pause
        self._pace = Pace(config, clock.now())
        self._counted = 0
        self._seen: frozenset[str] | None = None
        self._was_sparing = False

    async def look_around(self) -> None:
        """Find out, once, what there is to read of deals; say so where it is not all."""
        if self._seen is not None:
            return
        try:
            described = await describe(self._rest, ["Opportunity"])
        finally:
            self._count()
        deal = described.get("Opportunity")
        seen = frozenset() if deal is None else {_DATE, _HISTORY} & {*deal.types, *deal.children}
        if not seen:
            raise RefusedError(
                "neither the stage date of deals nor their history may be read",
                on="Opportunity",
                todo="A Salesforce administrator gives the integration user read access to Opportunity "
                f"and its field {_DATE}.",
            )
        for hidden in {_DATE, _HISTORY} - seen:
            _log.warning("polling sees less than all", hidden=hidden, todo=_LACKING[hidden])
        self._seen = frozenset(seen)

    @property
    def sees_dates(self) -> bool:
        """Whether the date of a deal's last entry may be read."""
        return _DATE in (self._seen or ())

    async def newest(self) -> tuple[datetime, str] | None:
        """Give stamp and id of the deal that was touched last; None in an org without any."""
        await self._afford()
        records = await self._asked(NEWEST)
        return stamp_of(records[0]) if records else None

    async def pages(self, stretch: Stretch) -> AsyncIterator[tuple[datetime, list[Row]]]:
        """Give the deals of a stretch in order, page by page, each with the moment it was asked for.

        Deals that are touched meanwhile come once more, later.
        """
        while True:
            await self._afford()
            asked_at = self._clock.now()
            records = await self._asked(stretch.soql(dated=self.sees_dates))
            rows = [row_of(record) for record in records]
            if rows:
                yield asked_at, rows
            if len(rows) < ROWS_PER_PAGE:
                return
            stretch = Stretch(rows[-1].stamp, rows[-1].record_id, stretch.until)

    async def histories(self, ids: Sequence[str]) -> dict[str, list[Move]]:
        """Give the whole history of deals, by their ids, oldest first."""
        if _HISTORY not in (self._seen or ()):
            return {}
        return moves_by_deal(await self._by_id(ids, histories))

    async def deals(self, ids: Sequence[str]) -> list[Row]:
        """Give the deals of these ids that there are, those in the recycle bin too."""
        found = await self._by_id(ids, lambda chunk: deals(chunk, dated=self.sees_dates))
        return [row_of(record) for record in found]

    async def wait(self, *, found: bool) -> None:
        """Wait until the next poll is due, after one that found something or nothing."""
        self._pace.polled(found=found)
        if self._pace.is_sparing != self._was_sparing:
            self._was_sparing = self._pace.is_sparing
            usage = self._rest.usage
            _log.warning(
                "polling slows down" if self._was_sparing else "polling goes on as before",
                api_calls_used=usage.used if usage is not None else None,
                api_calls_allowed=usage.allowed if usage is not None else None,
            )
        await self._pause(self._pace.until_next_poll())

    async def close(self) -> None:
        """Let go of connections."""
        await self._rest.close()

    async def _by_id(self, ids: Sequence[str], soql: Callable[[Sequence[str]], str]) -> list[Any]:
        found: list[Any] = []
        step = IDS_PER_QUERY * MOST_QUERIES
        for start in range(0, len(ids), step):
            call = ids[start : start + step]
            chunks = [call[at : at + IDS_PER_QUERY] for at in range(0, len(call), IDS_PER_QUERY)]
            await self._afford()
            try:
                for page in await read_together(self._rest, [path(soql(chunk)) for chunk in chunks]):
                    found += await self._whole(page)
            finally:
                self._count()
        return found

    async def _asked(self, soql: str) -> list[Any]:
        try:
            return await self._whole(await self._rest.call("GET", path(soql)))
        finally:
            self._count()

    async def _whole(self, page: Any) -> list[Any]:
        if isinstance(page, FailedPart):
            raise page.error
        await read_on(self._rest, page)
        return list(page["records"])

    async def _afford(self) -> None:
        if (seconds := self._pace.until_affordable()) > 0:
            await self._pause(seconds)

    def _count(self) -> None:
        """Take the calls made since the last time from the credit, those that failed too."""
        made, self._counted = self._rest.calls - self._counted, self._rest.calls
        self._pace.called(made, self._rest.usage, self._clock.now())

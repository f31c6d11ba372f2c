"""A subscription whose gaps are read back before what comes after them is given."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime

import structlog

from connectors.ports import RETAINED_EDGE, ChangeSource, Clock, Malformed, Received
from connectors.salesforce.polling.config import PollConfig
from connectors.salesforce.polling.query import Stretch
from connectors.salesforce.polling.reader import Reader
from connectors.salesforce.polling.rows import Deal, Move, Row
from connectors.salesforce.readback.needs import MARGIN, Need, need_of
from connectors.salesforce.readback.position import Reading, reading_of
from connectors.salesforce.readback.told import may_have_moved, told, told_of_gap
from connectors.salesforce.rest import RestClient
from schemas.change import Change

__all__ = ["ReadBackSource"]

_log = structlog.get_logger(__name__)


class ReadBackSource:
    """Any other source of one org, as a `ChangeSource` that tells of what its events leave open.

    At least once, in the channel's order: what was read back comes with the event that left it open, so the
    position does not pass the one before Kafka has the other. A reading of many deals gives positions of its
    own, and goes on where it was after a crash. It holds a page of deals in memory.

    `rest` should be its own, since its calls are counted against the share of `config`. `on_read` is told why
    deals were read back, and how many. A `RefusedError` of the org ends the session: to go on would be to
    forget the deals.
    """

    def __init__(
        self,
        source: ChangeSource,
        config: PollConfig,
        channel: str,
        rest: RestClient,
        clock: Clock,
        *,
        on_read: Callable[[str, int], None],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._source = source
        self._channel = channel
        self._rest = rest
        self._clock = clock
        self._on_read = on_read
        self._reader = Reader(config, rest, clock, pause)

    async def events(self, resume_after: str | None) -> AsyncGenerator[Received, None]:
        """Give events after a position; see `ChangeSource`."""
        reading = None if resume_after is None else reading_of(resume_after, on=self._channel)
        async with aclosing(self._source.events(reading.then if reading else resume_after)) as events:
            if reading is not None:
                # The subscription holds before the reading begins, so that nothing falls between the two.
                yield await anext(events)
                async for each in self._read(reading):
                    yield each
                if reading.then != RETAINED_EDGE:
                    yield Received(self._channel, reading.then, (), self._clock.now())
            async for received in events:
                need = need_of(received.changes, received.at)
                if need is None:
                    yield received
                    continue
                if need.since is not None:
                    begun = Reading(need.reason, need.since, need.since, "", received.replay_id)
                    async for each in self._read(begun):
                        yield each
                yield replace(received, changes=(*received.changes, *await self._of_gaps(need)))

    async def close(self) -> None:
        """Leave the session."""
        await self._source.close()
        await self._reader.close()

    async def _read(self, reading: Reading) -> AsyncIterator[Received]:
        """Give every deal touched since a moment, up to the one that was touched last by now."""
        await self._reader.look_around()
        newest = await self._reader.newest()
        _log.warning(
            "reading back what was missed",
            channel=self._channel,
            reason=reading.reason,
            since=reading.since,
            after=reading.stamp,
            until=newest[0] if newest is not None else None,
        )
        count = 0
        if newest is not None:
            org_id = await self._rest.org_id()
            stretch = Stretch(reading.stamp, reading.record_id, newest[0])
            async for asked_at, rows in self._reader.pages(stretch):
                moves = await self._moves(rows, reading.since)
                for row in rows:
                    position = str(reading.at(row.stamp, row.record_id))
                    if isinstance(row.deal, Malformed):
                        yield Received(self._channel, position, (), asked_at, malformed=row.deal)
                        continue
                    found = told(
                        row.deal,
                        moves.get(row.record_id, ()),
                        reading.since,
                        org_id=org_id,
                        channel=self._channel,
                        position=position,
                    )
                    yield Received(self._channel, position, found, asked_at)
                count += len(rows)
                self._on_read(reading.reason, len(rows))
        _log.info("read back", channel=self._channel, reason=reading.reason, deals=count)

    async def _of_gaps(self, need: Need) -> tuple[Change, ...]:
        """Give what is told of the deals whose changes said nothing."""
        if not need.deals:
            return ()
        await self._reader.look_around()
        rows = {row.record_id: row for row in await self._reader.deals(_ids(need.deals))}
        # A gap of today may stand for a write that was made a while before.
        since = min(gap.commit_time or self._clock.now() for gap in need.deals) - MARGIN
        moves = await self._moves(list(rows.values()), since)
        found: list[Change] = []
        for gap in need.deals:
            row = rows.get(gap.record_id)
            deal = row.deal if row is not None and isinstance(row.deal, Deal) else None
            if deal is None and gap.change_type != "GAP_DELETE":
                _log.warning(
                    "a deal cannot be read back",
                    channel=self._channel,
                    record=gap.record_id,
                    kind=gap.change_type,
                    todo="It was deleted for good, or the integration user does not see it.",
                )
                self._on_read("gone", 1)
            found += told_of_gap(gap, deal, moves.get(gap.record_id, ()), since)
        self._on_read(need.reason, len(rows))
        _log.info("read back", channel=self._channel, reason=need.reason, deals=len(rows))
        return tuple(found)

    async def _moves(self, rows: Sequence[Row], since: datetime) -> dict[str, list[Move]]:
        """Give the history of those deals that may have moved since a moment."""
        dated = self._reader.sees_dates
        return await self._reader.histories(
            [
                row.record_id
                for row in rows
                if isinstance(row.deal, Deal) and may_have_moved(row.deal, since, dated=dated)
            ]
        )


def _ids(gaps: Sequence[Change]) -> list[str]:
    return list(dict.fromkeys(gap.record_id for gap in gaps))

"""Changes of deals by polling REST, for editions of Salesforce without change events.

Each poll asks for the deals that were touched since a little before the last one, and for the history of
those that say something new.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from connectors.ports import RETAINED_EDGE, Clock, Malformed, Received
from connectors.salesforce.polling.config import PollConfig
from connectors.salesforce.polling.entries import Entered, changes, entered
from connectors.salesforce.polling.position import Position, read_position
from connectors.salesforce.polling.query import Stretch
from connectors.salesforce.polling.reader import Reader
from connectors.salesforce.polling.rows import Deal, Row
from connectors.salesforce.polling.window import Window
from connectors.salesforce.rest import RestClient
from schemas.errors import GapError

__all__ = ["PollSource"]

_CLOCKS_DIFFER = timedelta(minutes=15)
_BIN_IS_KEPT = timedelta(days=15)

_log = structlog.get_logger(__name__)


class PollSource:
    """The deals of one org, as a `ChangeSource`. At least once, in the order in which they were touched.

    A deal that was touched several times between two polls comes once, with every stage that it entered.
    Resumed after a position, it gives what is behind that, and then once more what came shortly before it.
    `channel` is the name its position is kept under, and `rest` should be its own, since its calls are
    counted. `pause` waits for seconds.
    """

    def __init__(
        self,
        config: PollConfig,
        channel: str,
        rest: RestClient,
        clock: Clock,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._config = config
        self._overlap = timedelta(seconds=config.overlap_seconds)
        self._channel = channel
        self._rest = rest
        self._clock = clock
        self._reader = Reader(config, rest, clock, pause)
        self._kept: Window | None = None
        """The window of a session whose last poll came to its end, while all of it was given."""

    async def events(self, resume_after: str | None) -> AsyncGenerator[Received, None]:
        """Give changes after a position; see `ChangeSource`."""
        begins_at = self._clock.now()
        window, stretches = await self._opened(resume_after)
        org_id = await self._rest.org_id()
        yield Received(self._channel, "", (), begins_at, quiet=resume_after is None)
        while True:
            began, has_found = self._clock.now(), False
            for stretch in stretches:
                async for asked_at, rows in self._reader.pages(stretch):
                    for row, new in await self._looked_at(window, rows, asked_at):
                        if new or window.is_news(row):
                            self._kept, has_found = None, True
                            yield self._received(row, new, window.place_after(row), org_id, asked_at)
                        window.gave(row, new, asked_at)
                    window.forget()
            window.completed()
            self._kept = window
            yield Received(self._channel, "", (), began, quiet=True)
            await self._reader.wait(found=has_found)
            stretches = [Stretch(window.begins)]

    async def close(self) -> None:
        """Let go of connections."""
        await self._reader.close()

    async def _opened(self, resume_after: str | None) -> tuple[Window, list[Stretch]]:
        """Give the window of a session, and what its first poll reads."""
        kept, self._kept = self._kept, None
        await self._reader.look_around()
        if resume_after is None:
            window = await self._beginning_now()
            return window, [Stretch(window.begins)]
        if resume_after == RETAINED_EDGE:
            edge = self._clock.now() - timedelta(hours=self._config.look_back_hours)
            return Window(Position(edge, "", edge), self._overlap, floor=edge), [Stretch(edge)]
        place = read_position(resume_after, on=self._channel)
        await self._check(place)
        if kept is not None and (kept.place.stamp, kept.place.record_id) == (place.stamp, place.record_id):
            return kept, [Stretch(kept.begins)]
        # First what is behind the place, then what is before it and not final.
        behind = Stretch(place.final, until=place.stamp)
        window = Window(place, self._overlap, floor=place.final)
        return window, [Stretch(place.stamp, place.record_id), behind]

    async def _check(self, place: Position) -> None:
        """Raise `GapError` for a place that the org has never come to; say what may be gone."""
        newest = await self._reader.newest()
        if newest is None or newest[0] < place.stamp:
            raise GapError(
                "nothing in the org is as new as the position: it was refreshed, or restored from a copy",
                on=self._channel,
                todo="What changed lately is read again.",
            )
        if self._clock.now() - place.stamp > _BIN_IS_KEPT:
            _log.warning(
                "deals deleted long ago may not be heard of",
                channel=self._channel,
                after=str(place),
                todo="Salesforce empties its recycle bin after 15 days; all else is read from its history.",
            )

    async def _beginning_now(self) -> Window:
        """Give a window that has given everything there is to see by now."""
        newest = await self._reader.newest()
        if newest is None:
            start = self._clock.now() - _CLOCKS_DIFFER
            return Window(Position(start, "", start), self._overlap, floor=start)
        stamp, record_id = newest
        # What is committed from now on counts, though it may be stamped before.
        floor = stamp - self._overlap
        window = Window(Position(stamp, record_id, stamp), self._overlap, floor)
        async for asked_at, rows in self._reader.pages(Stretch(floor, until=stamp)):
            for row, new in await self._looked_at(window, rows, asked_at):
                window.gave(row, new, asked_at)
        return window

    async def _looked_at(
        self, window: Window, rows: list[Row], asked_at: datetime
    ) -> list[tuple[Row, list[Entered]]]:
        """Give the rows of which there may be something new, with the stages that are."""
        looked_at = [row for row in rows if window.is_worth_a_look(row, asked_at)]
        ids = [row.record_id for row in looked_at if isinstance(row.deal, Deal)]
        histories = await self._reader.histories(ids)
        return [
            (
                row,
                window.not_given(row.deal, entered(row.deal, histories.get(row.record_id, ())))
                if isinstance(row.deal, Deal)
                else [],
            )
            for row in looked_at
        ]

    def _received(
        self, row: Row, new: list[Entered], place: Position, org_id: str, asked_at: datetime
    ) -> Received:
        position = str(place)
        if isinstance(row.deal, Malformed):
            return Received(self._channel, position, (), asked_at, malformed=row.deal)
        found = changes(row.deal, new, org_id=org_id, channel=self._channel, position=position)
        return Received(self._channel, position, found, asked_at)

"""What is told of deals that Salesforce knocked for: every stage that their history says they entered."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from connectors.salesforce.polling.entries import changes, entered
from connectors.salesforce.polling.reader import Reader
from connectors.salesforce.polling.rows import Deal
from schemas.change import Change
from schemas.errors import UnavailableError

__all__ = ["CHANNEL", "Telling"]

CHANNEL = "outbound"
"""The name that notified changes carry in place of a channel's."""

_log = structlog.get_logger(__name__)


class Telling:
    """Reads deals back and tells of them as polling does, with the same ids.

    A message says only the latest values, and may be hours old or somebody's invention; the history says
    each stage between. `look_back` is how far before its last touch a deal's stages are told, which must be
    more than the 24 hours that Salesforce keeps a message. `on_gone` counts deals that cannot be read.
    """

    def __init__(self, reader: Reader, look_back: timedelta, on_gone: Callable[[int], None]) -> None:
        self._reader = reader
        self._look_back = look_back
        self._on_gone = on_gone

    async def changes(self, org_id: str, ids: Sequence[str]) -> list[Change]:
        """Give the changes of deals. Raises `UnavailableError` or `RefusedError`."""
        await self._reader.look_around()
        rows = await self._reader.deals(ids)
        moves = await self._reader.histories([row.record_id for row in rows])
        found: list[Change] = []
        for row in rows:
            if not isinstance(row.deal, Deal):
                raise UnavailableError("a deal cannot be read", on=f"opportunity {row.record_id}")
            since = row.deal.touched - self._look_back
            new = [each for each in entered(row.deal, moves.get(row.record_id, ())) if each.at >= since]
            found += changes(row.deal, new, org_id=org_id, channel=CHANNEL, position="", transport=CHANNEL)
        gone = set(ids) - {row.record_id for row in rows}
        for record_id in sorted(gone):
            _log.warning(
                "a notified deal cannot be read",
                record=record_id,
                todo="It was deleted for good, or the integration user does not see it.",
            )
        if gone:
            self._on_gone(len(gone))
        return found

"""The audit topic read page by page: who wanted what changed, the earliest first."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.kafka.config import KafkaConfig
from connectors.kafka.pages import Places, page, places_at
from schemas.audit import AuditRecord
from schemas.topics import TOPICS
from streams.records import Records
from streams.whole_topic import readable

_AT_ONCE = 500
_MOST_PAGES = 10
"""So many pieces of the topic are searched for one page; then whoever asks goes on."""
_TOPIC = TOPICS["audit"].name


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """What a record must have to be shown; an empty field asks for nothing."""

    actor: str = ""
    action: str = ""
    on: str = ""
    outcome: str = ""
    since: datetime | None = None
    limit: int = 50

    def wants(self, record: AuditRecord) -> bool:
        """Whether a record has all that is asked for."""
        return (
            self.actor.casefold() in ("", record.actor.casefold())
            and self.action in ("", record.action)
            and self.on in ("", record.on)
            and self.outcome in ("", record.outcome)
            and (self.since is None or record.at is None or record.at >= self.since)
        )


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some records, and where the next page begins; None at the end."""

    records: Sequence[AuditRecord]
    after: Places | None


class AuditTrail:
    """Reads the audit topic; keeps nothing of it."""

    def __init__(self, config: KafkaConfig, records: Records) -> None:
        self._config = config
        self._records = records

    async def read(self, query: AuditQuery, after: Places | None) -> AuditPage:
        """Give a page from these places on, else from the query's moment, else from the beginning.

        A page may hold less than the limit, even nothing, and still not be the last: a search ends after some
        thousands of records. Raises `UnavailableError`.
        """
        places = after if after is not None else await self._begin(query)
        found: list[AuditRecord] = []
        for _ in range(_MOST_PAGES):
            some = await asyncio.to_thread(page, self._config, _TOPIC, places, _AT_ONCE)
            for number, message in enumerate(some.messages, 1):
                record = await readable(self._records, message)
                if isinstance(record, AuditRecord) and query.wants(record):
                    found.append(record)
                if len(found) == query.limit and (some.more or number < len(some.messages)):
                    return AuditPage(found, some.upto(number))
            if not some.more:
                return AuditPage(found, None)
            places = some.after
        return AuditPage(found, places)

    async def _begin(self, query: AuditQuery) -> Places:
        if query.since is None:
            return {}
        return await asyncio.to_thread(places_at, self._config, _TOPIC, query.since)

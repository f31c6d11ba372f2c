"""Looks at what came of a deployment: topics, sinks and mailbox, as anybody outside could read them."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import TypeVar

from connectors.kafka.registry import HttpRegistry
from connectors.kafka.scan import scan
from processors.ledger import Observed
from schemas.account import Account
from schemas.base import Record
from schemas.run_event import RunEvent
from schemas.stage import StageEntry
from schemas.topics import TOPICS
from streams.letters import board
from streams.local.deployment import Deployment
from streams.records import connect

R = TypeVar("R", bound=Record)
_ASKING = "Approval asked"
"""How the subjects of mails begin that go to people on the way, and not to whoever gets the account."""
_TOPICS = [TOPICS[name] for name in ("opportunity.stages", "workflow.events", "accounts")]


class Observer:
    """Reads everything anew at each call of `observe`; nothing is remembered but the schemas."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._kafka = deployment.settings.kafka
        self._records = asyncio.run(connect(HttpRegistry(deployment.settings.registry), self._kafka, _TOPICS))

    def observe(self) -> Observed:
        """Give what stands in topics, sink and mailbox now."""
        held = self._held()
        return Observed(
            stages=[record for record, _ in self._read("opportunity.stages", StageEntry)],
            events=[record for record, _ in self._read("workflow.events", RunEvent)],
            accounts=list(self._read("accounts", Account)),
            held={deal: count for deal, count, _ in held},
            held_revisions={deal: revision for deal, _, revision in held},
            message_ids=[
                str(mail.message["Message-ID"])
                for mail in self._deployment.sandbox.mail.mailbox.mails()
                if not str(mail.message["Subject"]).startswith(_ASKING)
            ],
        )

    def dead_letters(self) -> int:
        """Count the records that lie aside."""
        return len(board(self._kafka).aside)

    def _read(self, topic: str, kind: type[R]) -> Iterator[tuple[R, datetime]]:
        for batch in scan(self._kafka, topic):
            for message in batch:
                if message.value is None:
                    continue
                record = self._records.decode_known(message.value)
                if isinstance(record, kind):
                    yield record, datetime.fromtimestamp(message.timestamp / 1000, UTC)

    def _held(self) -> list[tuple[str, int, int]]:
        """Give opportunity, number of accounts and highest revision, as the sink's own file says it."""
        if not self._deployment.accounts_file.exists():
            return []
        with closing(
            sqlite3.connect(f"file:{self._deployment.accounts_file}?mode=ro", uri=True)
        ) as connection:
            return list(
                connection.execute(
                    "SELECT opportunity_id, count(*), max(revision) FROM accounts GROUP BY opportunity_id"
                )
            )

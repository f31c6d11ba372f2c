"""The accounts as the public topic `accounts` tells of them, for commands and the API; no sink is asked."""

import asyncio
from collections.abc import Mapping

from connectors.kafka.config import KafkaConfig
from connectors.kafka.scan import Message
from processors.account_book import put
from processors.duplicates import Group, duplicates
from schemas.account import Account
from schemas.topics import TOPICS
from streams.records import Records
from streams.whole_topic import WholeTopic, readable

__all__ = ["AccountBook"]


class AccountBook:
    """Holds the latest of each account by key. Close it when done."""

    def __init__(self, config: KafkaConfig, records: Records) -> None:
        self._records = records
        self._topic = WholeTopic(config, TOPICS["accounts"].name, self._take)
        self._accounts: dict[str, Account] = {}
        self._comparing = asyncio.Lock()

    async def accounts(self) -> Mapping[str, Account]:
        """Give the accounts as they stand now. Raises `UnavailableError`."""
        await self._topic.refresh()
        return self._accounts

    async def duplicates(self, org_id: str = "") -> list[Group]:
        """Group the accounts, or those of one org, that are probably one customer; one caller at a time."""
        async with self._comparing:
            accounts = await self.accounts()
            meant = [account for account in accounts.values() if org_id in ("", account.org_id)]
            return await asyncio.to_thread(duplicates, meant)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._topic.close()

    async def _take(self, message: Message) -> None:
        record = await readable(self._records, message)
        if isinstance(record, Account):
            put(self._accounts, record)

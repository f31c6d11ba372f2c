"""The accounts as the public topic `accounts` tells of them, for commands; no sink is asked."""

import asyncio
from collections.abc import Iterator

import structlog

from connectors.kafka.scan import Message, scan
from processors.account_book import latest
from schemas.account import Account
from schemas.errors import DecodeError, UnknownSchemaError
from schemas.topics import TOPICS
from streams.records import Records
from streams.settings import Settings

__all__ = ["read_accounts"]

_TOPIC = TOPICS["accounts"]

log = structlog.get_logger(__name__)


def read_accounts(settings: Settings, records: Records) -> dict[str, Account]:
    """Give the latest of each account, by key. Blocking. Raises `UnavailableError`."""
    return latest(_accounts(settings, records))


def _accounts(settings: Settings, records: Records) -> Iterator[Account]:
    for batch in scan(settings.kafka, _TOPIC.name):
        for message in batch:
            record = _record(records, message)
            if isinstance(record, Account):
                yield record


def _record(records: Records, message: Message) -> object:
    if message.value is None:
        return None
    try:
        try:
            return records.decode_known(message.value)
        except UnknownSchemaError:
            return asyncio.run(records.decode(message.value))
    except DecodeError as error:
        place = f"{message.topic}[{message.partition}]@{message.offset}"
        log.warning("an account is unreadable", place=place, error=str(error))
        return None

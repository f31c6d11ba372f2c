"""A Faust table whose changes are sent by our own producer, so that their delivery can be awaited.

Faust's own `table[key] = value` puts the change into a buffer that nobody can wait for, and forgets which
partition a key came from once recovery is over. Recovery, assignment and the changelog's name stay Faust's.
"""

import asyncio
import logging
from typing import Any

import faust
from faust.stores import memory

from connectors.kafka.delivery import Delivery
from schemas.errors import BrokenInvariantError, RefusedError
from schemas.topics import LARGEST_STATE

_ROOM_FOR_THE_REST = 4096
"""Key and the batch around them."""


class StateStore(memory.Store):  # type: ignore[misc]  # faust ships no types
    """Keys and values as bytes, in memory, each with the partition it belongs to.

    Faust drops the keys of partitions that went to another worker when a recovery completes; it can do so
    only for keys whose partition it was told.
    """

    logger = logging.getLogger("faust")

    def hold(self, key: bytes, value: bytes | None, partition: int) -> None:
        """Hold a value, or forget the key if the value is None."""
        if value is None:
            self.data.pop(key, None)
            self._key_partition.pop(key, None)
        else:
            self.data[key] = value
            self._key_partition[key] = partition


class StateTable(faust.Table):  # type: ignore[misc]  # faust ships no types
    """A table of an agent, read by key and written through `write` only."""

    logger = logging.getLogger("faust")

    def __init__(self, app: Any, *, name: str, delivery: Delivery, partitions: int) -> None:
        super().__init__(app, name=name, key_type=bytes, value_type=bytes, partitions=partitions)
        self._delivery = delivery

    def read(self, key: bytes) -> bytes | None:
        """Give the value of a key."""
        value: bytes | None = self.data.get(key)
        return value

    async def write(self, key: bytes, value: bytes | None, partition: int) -> asyncio.Future[Any]:
        """Hold a value (None forgets the key); the future is done when the changelog has it.

        `partition` is that of the input that caused the change, so that state follows its input. Raises
        `RefusedError` for a value over the size limit.
        """
        if value is not None and len(value) + _ROOM_FOR_THE_REST > LARGEST_STATE:
            raise RefusedError(f"state of {len(value)} bytes is too large", on=self.name)
        future = await self._delivery.send(self.changelog_topic_name, key, value, partition=partition)
        self.data.hold(key, value, partition)
        return future

    def on_key_set(self, *_change: Any) -> None:
        """Refuse the dictionary interface: a change made through it could not be awaited."""
        raise BrokenInvariantError("a table is written through write() only", on=self.name)

    def on_key_del(self, *_change: Any) -> None:
        """Refuse the dictionary interface."""
        raise BrokenInvariantError("a table is written through write() only", on=self.name)

    def _new_store(self) -> StateStore:
        return StateStore(
            "memory://",
            self.app,
            self,
            table_name=self.name,
            key_type=bytes,
            key_serializer="raw",
            value_type=bytes,
            value_serializer="raw",
            loop=self.loop,
        )

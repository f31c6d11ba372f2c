"""Reads the bytes of an input, with patience for a registry that does not answer about a new schema."""

import asyncio
from collections.abc import Callable

import structlog

from schemas.base import Record
from schemas.errors import UnavailableError, UnknownSchemaError
from streams.records import Records

_PATIENCE_SECONDS = 20.0
_PAUSE_SECONDS = 0.5

log = structlog.get_logger(__name__)


async def decoded(records: Records, value: bytes, on_retry: Callable[[], None]) -> Record:
    """Give the record. Raises a `DecodeError`, or `UnavailableError` if the registry stays away."""
    try:
        return records.decode_known(value)
    except UnknownSchemaError:
        pass
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                try:
                    return await records.decode(value)
                except UnavailableError as error:
                    on_retry()
                    log.warning("schema registry unreachable, trying again", error=str(error))
                    await asyncio.sleep(_PAUSE_SECONDS)
    except TimeoutError:
        raise UnavailableError("the schema registry did not answer about a new schema") from None

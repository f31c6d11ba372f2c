"""The schema registry over HTTP, and its twin in memory."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from httpx2 import HTTPError

from connectors.kafka.config import RegistryConfig
from schemas.errors import RefusedError, UnavailableError

_NOT_FOUND = 404
_INCOMPATIBLE = 409
_UNPROCESSABLE = 422

T = TypeVar("T")


class HttpRegistry:
    """Any registry with Confluent's API. Calls block a thread, never the event loop.

    Raises `UnavailableError` when it does not answer, `RefusedError` for an incompatible schema.
    """

    def __init__(self, config: RegistryConfig) -> None:
        self._url = config.url
        settings: dict[str, Any] = {"url": config.url, "timeout": config.timeout_seconds}
        if config.username is not None and config.password is not None:
            settings["basic.auth.user.info"] = f"{config.username}:{config.password.get_secret_value()}"
        self._client = SchemaRegistryClient(settings)

    async def register(self, subject: str, schema: str) -> int:
        """Register a schema under a subject, or give the id it has already."""
        return await self._call(subject, lambda: int(self._client.register_schema(subject, _avro(schema))))

    async def id_of(self, subject: str, schema: str) -> int | None:
        """Give the id of a schema registered under the subject."""
        return await self._maybe(
            subject, lambda: self._client.lookup_schema(subject, _avro(schema)).schema_id
        )

    async def schema(self, schema_id: int) -> str | None:
        """Give the schema text of an id."""
        return await self._maybe(
            f"schema id {schema_id}", lambda: str(self._client.get_schema(schema_id).schema_str)
        )

    async def set_compatibility(self, subject: str, level: str) -> None:
        """Set which changes of a subject the registry accepts, as `FULL_TRANSITIVE`."""
        await self._call(subject, lambda: self._client.set_compatibility(subject, level))

    async def _maybe(self, on: str, call: Callable[[], T]) -> T | None:
        try:
            return await self._call(on, call)
        except RefusedError as error:
            cause = error.__cause__
            if isinstance(cause, SchemaRegistryError) and cause.http_status_code == _NOT_FOUND:
                return None
            raise

    async def _call(self, on: str, call: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(call)
        except SchemaRegistryError as error:
            if error.http_status_code == _INCOMPATIBLE:
                raise RefusedError(
                    "the registry refuses this schema: it is not compatible with the versions before it",
                    on=on,
                    todo="Give new fields a default and keep old ones, or write a new topic beside this one.",
                ) from error
            if error.http_status_code in {_NOT_FOUND, _UNPROCESSABLE}:
                raise RefusedError(f"the registry says: {error.error_message}", on=on) from error
            raise self._unavailable(on, error) from error
        except (HTTPError, OSError) as error:
            raise self._unavailable(on, error) from error

    def _unavailable(self, on: str, error: Exception) -> UnavailableError:
        return UnavailableError(
            f"the schema registry at {self._url} does not answer: {error}",
            on=on,
            todo="Check [registry] url in dealwire.toml and that the registry runs.",
        )


class MemoryRegistry:
    """The registry's twin in memory, for tests in one process. It accepts every schema."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._subjects: dict[str, set[int]] = {}

    async def register(self, subject: str, schema: str) -> int:
        """Register a schema under a subject, or give the id it has already."""
        text = json.dumps(json.loads(schema), sort_keys=True)
        schema_id = self._ids.setdefault(text, len(self._ids) + 1)
        self._subjects.setdefault(subject, set()).add(schema_id)
        return schema_id

    async def id_of(self, subject: str, schema: str) -> int | None:
        """Give the id of a schema registered under the subject."""
        schema_id = self._ids.get(json.dumps(json.loads(schema), sort_keys=True))
        return schema_id if schema_id in self._subjects.get(subject, set()) else None

    async def schema(self, schema_id: int) -> str | None:
        """Give the schema text of an id."""
        return next((text for text, known in self._ids.items() if known == schema_id), None)


def _avro(schema: str) -> Schema:
    return Schema(schema, "AVRO")

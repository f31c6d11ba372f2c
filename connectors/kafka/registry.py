"""The schema registry over HTTP, and its twin in memory.

Four requests of Confluent's REST API (Schema Registry API Reference, "Subjects" and "Schemas"), which every
registry speaks that calls itself compatible.
"""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import aiohttp

from connectors.http_rules import read_whole
from connectors.kafka.config import RegistryConfig
from schemas.errors import RefusedError, UnavailableError

_MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
_MAX_REPLY = 4 * 1024 * 1024


class HttpRegistry:
    """Any registry with Confluent's API. It is asked a few times at the start, so each call has a session.

    Raises `UnavailableError` when it does not answer, `RefusedError` for an incompatible schema.
    """

    def __init__(self, config: RegistryConfig) -> None:
        self._url = config.url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=config.timeout_seconds)
        self._headers = {"Content-Type": _MEDIA_TYPE, "Accept": _MEDIA_TYPE}
        if config.username is not None and config.password is not None:
            password = config.password.get_secret_value()
            self._headers["Authorization"] = aiohttp.encode_basic_auth(config.username, password)

    async def register(self, subject: str, schema: str) -> int:
        """Register a schema under a subject, or give the id it has already."""
        body = await self._ask("POST", f"/subjects/{quote(subject, safe='')}/versions", {"schema": schema})
        return int(self._required(body, "id", subject))

    async def id_of(self, subject: str, schema: str) -> int | None:
        """Give the id of a schema registered under the subject."""
        body = await self._ask("POST", f"/subjects/{quote(subject, safe='')}", {"schema": schema})
        return None if body is None else int(self._required(body, "id", subject))

    async def schema(self, schema_id: int) -> str | None:
        """Give the schema text of an id."""
        body = await self._ask("GET", f"/schemas/ids/{schema_id}")
        return None if body is None else str(self._required(body, "schema", f"schema id {schema_id}"))

    async def set_compatibility(self, subject: str, level: str) -> None:
        """Set which changes of a subject the registry accepts, as `FULL_TRANSITIVE`."""
        await self._ask("PUT", f"/config/{quote(subject, safe='')}", {"compatibility": level})

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """Give the answer's JSON, or None for what the registry does not know."""
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout, headers=self._headers) as session,
                session.request(
                    method,
                    self._url + path,
                    data=None if body is None else json.dumps(body),
                    allow_redirects=False,
                ) as reply,
            ):
                text = (await read_whole(reply, most=_MAX_REPLY)).decode("utf-8", "replace")
                status = reply.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unavailable(path, str(error) or type(error).__name__) from error
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status == HTTPStatus.CONFLICT:
            raise RefusedError(
                "the registry refuses this schema: it is not compatible with the versions before it",
                on=path,
                todo="Give new fields a default and keep old ones, or write a new topic beside this one.",
            )
        if 400 <= status < 500:  # noqa: PLR2004 - the class of codes, not one of them
            raise RefusedError(f"the registry refuses with {status}: {text[:500]}", on=path)
        try:
            found = json.loads(text)
        except ValueError:
            raise self._unavailable(path, f"{status} without JSON") from None
        if status != HTTPStatus.OK:
            raise self._unavailable(path, f"{status}: {text[:200]}")
        return found

    def _required(self, body: Any, name: str, on: str) -> Any:
        try:
            return body[name]
        except (KeyError, TypeError):
            raise self._unavailable(on, f"an answer without {name!r}") from None

    def _unavailable(self, on: str, reason: str) -> UnavailableError:
        return UnavailableError(
            f"the schema registry at {self._url} does not answer as one: {reason}",
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
        text = _canonical(schema)
        schema_id = self._ids.setdefault(text, len(self._ids) + 1)
        self._subjects.setdefault(subject, set()).add(schema_id)
        return schema_id

    async def id_of(self, subject: str, schema: str) -> int | None:
        """Give the id of a schema registered under the subject."""
        schema_id = self._ids.get(_canonical(schema))
        return schema_id if schema_id in self._subjects.get(subject, set()) else None

    async def schema(self, schema_id: int) -> str | None:
        """Give the schema text of an id."""
        return next((text for text, known in self._ids.items() if known == schema_id), None)


def _canonical(schema: str) -> str:
    return json.dumps(json.loads(schema), sort_keys=True)

"""A language model behind an OpenAI-compatible chat endpoint."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson

from connectors.http_rules import read_whole, tls
from connectors.ports import Clock, SystemClock, Written
from connectors.writer.config import WriterConfig
from connectors.writer.replies import Reply, failure, written
from schemas.brief import Message
from schemas.errors import ConfigurationError, RefusedError, UnavailableError

__all__ = ["HttpBriefWriter"]

_MAX_REPLY_BYTES = 512 * 1024
_LONGEST_WAIT = timedelta(hours=1)


class HttpBriefWriter:
    """Asks the endpoint once a call. At-most-once: a call that failed may have cost tokens all the same.

    Redirects are not followed, and notes and key go to no other host. After a reply with `Retry-After` nobody
    is asked until then. `url` must be set.
    """

    def __init__(self, config: WriterConfig, *, clock: Clock | None = None) -> None:
        if config.url is None:
            raise ConfigurationError("there is no endpoint to ask", on="writer.url")
        self._config = config
        self._clock = clock or SystemClock()
        self._url = f"{config.url.rstrip('/')}/chat/completions"
        self._tls = tls(config.ca_file, setting="writer.ca_file")
        self._session: aiohttp.ClientSession | None = None
        self._not_before: datetime | None = None

    async def write(self, messages: Sequence[Message], *, schema: Mapping[str, Any]) -> Written:
        """Ask once."""
        now = self._clock.now()
        if self._not_before is not None and now < self._not_before:
            raise UnavailableError(
                "the model's endpoint asked us to wait", on=self._url, retry_after=self._not_before - now
            )
        body = orjson.dumps(self._request(messages, schema))
        reply = await self._post(body)
        if reply.status == HTTPStatus.OK:
            return written(reply, on=self._url, estimate=self._config.estimate(len(body)))
        error = failure(reply, on=self._url, now=self._clock.now())
        if isinstance(error, UnavailableError) and error.retry_after is not None:
            self._not_before = self._clock.now() + min(error.retry_after, _LONGEST_WAIT)
        raise error

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _request(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self._config.model,
            "messages": [each.model_dump() for each in messages],
            "max_tokens": self._config.max_answer_tokens,
            "temperature": 0,
        }
        if self._config.answer_form == "json_schema":
            form = {"name": "brief", "strict": True, "schema": schema}
            request["response_format"] = {"type": "json_schema", "json_schema": form}
        elif self._config.answer_form == "json_object":
            request["response_format"] = {"type": "json_object"}
        return request

    async def _post(self, body: bytes) -> Reply:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
        }
        if self._config.api_key is not None:
            headers["Authorization"] = f"Bearer {self._config.api_key.get_secret_value()}"
        try:
            async with self._opened().post(
                self._url, data=body, headers=headers, allow_redirects=False, ssl=self._tls
            ) as response:
                return Reply(
                    response.status, response.headers, await read_whole(response, most=_MAX_REPLY_BYTES)
                )
        except TimeoutError as error:
            what = f"no answer within {self._config.timeout_seconds:g} s"
            raise UnavailableError(what, on=self._url, unknown_outcome=True) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise RefusedError(
                "the endpoint's certificate is not trusted", on=self._url, todo="Set writer.ca_file."
            ) from error
        except aiohttp.ClientConnectorError as error:
            raise UnavailableError("the endpoint cannot be reached", on=self._url) from error
        except (aiohttp.ClientError, OSError) as error:
            what = f"the connection failed: {str(error) or type(error).__name__}"
            raise UnavailableError(what, on=self._url, unknown_outcome=True) from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._config.max_connections),
                timeout=aiohttp.ClientTimeout(total=self._config.timeout_seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session

"""The REST API of one org from asyncio: simple-salesforce in threads, with tokens and retries of ours."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import requests
import structlog
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceError

from connectors.salesforce.auth import Token, TokenManager
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.rest_errors import rest_error, session_ended
from connectors.salesforce.session import InstanceSession
from connectors.salesforce.usage import ApiUsage
from schemas.errors import RefusedError, UnavailableError

__all__ = ["RestClient"]

_log = structlog.get_logger(__name__)

_TRIES = 3
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE = timedelta(seconds=5)
_REPEATABLE = frozenset(["GET", "HEAD"])


@dataclass(frozen=True, slots=True)
class _Client:
    """simple-salesforce with one token. Used by one thread at a time."""

    token: Token
    session: InstanceSession
    api: Salesforce


class _SessionEndedError(Exception):
    """The org does not know the token (any more)."""


class RestClient:
    """Calls paths below `/services/data/vXX.X/`; numbers with a point come as `Decimal`.

    At most `max_concurrent_calls` at a time. A token that is refused is renewed once and the call made once
    more. Passing failures are tried again only where a second time does no harm.
    """

    def __init__(
        self,
        config: SalesforceConfig,
        tokens: TokenManager,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._config = config
        self._tokens = tokens
        self._pause = pause
        self._permits = asyncio.BoundedSemaphore(config.max_concurrent_calls)
        # Threads of its own: another org that hangs must not hold the ones that everybody shares.
        self._threads = _threads(config)
        self._idle: list[_Client] = []
        self._closed = False
        self.usage: ApiUsage | None = None
        """What the last answer said of the org's API calls: a gauge to watch."""
        self.calls = 0
        """HTTP requests made so far."""

    async def org_id(self) -> str:
        """Give the org's id of 18 characters; logs in if need be."""
        return (await self._tokens.token()).org_id

    @property
    def base(self) -> str:
        """The path that all others are below."""
        return f"/services/data/v{self._config.api_version}/"

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
        repeatable: bool | None = None,
    ) -> Any:
        """Call, and give the answer's JSON (None for an empty one).

        `repeatable` says that making the call twice does no harm; by default only GET is. Raises
        `UnavailableError` (with `unknown_outcome` where the call may have been carried out), `RefusedError`.
        """
        again = method in _REPEATABLE if repeatable is None else repeatable
        work = partial(self._send, method, path, params, json)
        for number in range(1, _TRIES + 1):
            try:
                return await self._with_token(work)
            except UnavailableError as error:
                wait = error.retry_after or timedelta(0)
                if not again or number == _TRIES or wait > _LONGEST_PAUSE:
                    error.unknown_outcome = error.unknown_outcome and not again
                    raise
                _log.info("salesforce call tried again", path=path, attempt=number, reason=error.what)
                await self._pause(wait.total_seconds() + random.uniform(0, _FIRST_PAUSE_S * 2**number))  # noqa: S311 - no secret
        raise UnavailableError("the call was never made", on=path)

    async def close(self) -> None:
        """Let go of connections; those that calls still use end with them. A later call connects anew."""
        self._closed = True
        self._threads.shutdown(wait=False)
        self._threads = _threads(self._config)
        while self._idle:
            self._idle.pop().session.close()

    async def _with_token(self, work: Callable[[Token], Any]) -> Any:
        token = await self._tokens.token()
        try:
            return await self._in_thread(partial(work, token))
        except _SessionEndedError:
            token = await self._tokens.renew(token)
        try:
            return await self._in_thread(partial(work, token))
        except _SessionEndedError:
            raise UnavailableError(
                "Salesforce refuses a token it has just issued",
                on=token.instance_url,
                todo="If it lasts, a Salesforce administrator looks at the app's session policies.",
                retry_after=_LONGEST_PAUSE * 2,
            ) from None

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        await self._permits.acquire()
        running = asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, work)
        running.add_done_callback(self._ended)
        # A caller that gives up leaves the thread to end by itself; its permit is held until then.
        return await asyncio.shield(running)

    def _ended(self, running: "asyncio.Future[Any]") -> None:
        self._permits.release()
        if not running.cancelled():
            running.exception()  # looked at, also if the caller has given up

    def _send(
        self, method: str, path: str, params: Mapping[str, str] | None, json: object, token: Token
    ) -> Any:
        client = self._taken(token)
        on = f"{method} {path.partition('?')[0]}"
        self.calls += 1
        try:
            return client.api.restful(path, params=params, method=method, json=json)
        except SalesforceError as error:
            if session_ended(error.status, error.content):
                raise _SessionEndedError from None
            # Without its cause, which quotes the URL and the body.
            raise rest_error(
                error.status, error.content, on=on, retry_after=client.session.retry_after
            ) from None
        except requests.exceptions.SSLError as error:
            raise RefusedError("the instance's certificate is not trusted", on=token.instance_url) from error
        except requests.RequestException as error:
            if isinstance(error, requests.exceptions.JSONDecodeError):
                raise _nonsense(on) from None
            left = not isinstance(error, requests.exceptions.ConnectTimeout)
            raise UnavailableError(
                f"no answer from Salesforce: {type(error).__name__}", on=on, unknown_outcome=left
            ) from error
        except (ValueError, TypeError, RecursionError):
            # JSON that Python or the library does not read: a bare number, a million brackets.
            raise _nonsense(on) from None
        finally:
            self._put_back(client)

    def _taken(self, token: Token) -> _Client:
        """Take an idle client; those of an older token are let go."""
        while True:
            try:
                client = self._idle.pop()
            except IndexError:
                return self._made(token)
            if client.token == token:
                return client
            client.session.close()

    def _put_back(self, client: _Client) -> None:
        if self._closed:
            client.session.close()
        else:
            self._idle.append(client)

    def _made(self, token: Token) -> _Client:
        session = InstanceSession(self._config, token.instance_url, self._on_usage)
        api = Salesforce(
            session_id=token.access_token,
            instance_url=token.instance_url,
            version=self._config.api_version,
            session=session,
            parse_float=Decimal,
            object_pairs_hook=dict,
        )
        # It writes https:// whatever it was told; an org on this machine has http://.
        api.base_url = f"{token.instance_url}{self.base}"
        return _Client(token, session, api)

    def _on_usage(self, usage: ApiUsage) -> None:
        self.usage = usage


def _threads(config: SalesforceConfig) -> ThreadPoolExecutor:
    """Give threads that are started when they are needed."""
    return ThreadPoolExecutor(config.max_concurrent_calls, thread_name_prefix="salesforce")


def _nonsense(on: str) -> UnavailableError:
    return UnavailableError("Salesforce answers something that is not JSON", on=on)

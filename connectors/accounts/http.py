"""Accounts at a service behind HTTP; the contract is `docs/contracts/accounts-api.yaml`."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import aiohttp

from connectors.accounts.config import HttpAccountsConfig
from connectors.accounts.http_replies import Held, Reply, failure, found_accounts, held
from connectors.http_rules import read_whole, tls
from connectors.ports import Clock, SystemClock, Upserted
from schemas.account import Account
from schemas.account_traits import traits
from schemas.errors import RefusedError, UnavailableError
from schemas.ids import account_id

__all__ = ["HttpAccountSink"]

_MAX_REPLY_BYTES = 16 * 1024 * 1024
_MAX_DOUBTS = 10_000
_DONE = {HTTPStatus.OK, HTTPStatus.CREATED}
_HELD_HIGHER = {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}


@dataclass(slots=True)
class _Flight:
    """Whether any of a request has left this machine; once it has, its outcome may be unknown."""

    left: bool = False


class HttpAccountSink:
    """Puts accounts by their computed id. At-least-once in, one account in the end.

    A request whose outcome was not learned is remembered, and asked about before it is tried again; where
    the process ended in between, the Idempotency-Key makes the second try the first one's echo. Redirects
    are not followed, and the token goes to no other host.
    """

    def __init__(self, config: HttpAccountsConfig, *, clock: Clock | None = None) -> None:
        self._config = config
        self._clock = clock or SystemClock()
        self._base = config.url.rstrip("/")
        self._tls = tls(config.ca_file, setting="accounts.http.ca_file")
        self._session: aiohttp.ClientSession | None = None
        self._doubts: OrderedDict[str, None] = OrderedDict()

    async def upsert(self, account: Account, *, idempotency_key: str) -> Upserted:
        """Hold `account` unless a higher revision is held already.

        `created` says whether this command created the account, also when it comes again.
        """
        if idempotency_key in self._doubts:
            found = await self._held(account.id, in_doubt=True)
            if found is not None and found.account.revision >= account.revision:
                return self._settled(found, idempotency_key)
        self._doubt(idempotency_key)  # before the request: a caller that gives up leaves the doubt
        try:
            found = await self._put(account, idempotency_key)
        except UnavailableError as error:
            if not error.unknown_outcome:
                self._doubts.pop(idempotency_key, None)
            raise
        except RefusedError:
            self._doubts.pop(idempotency_key, None)
            raise
        return self._settled(found, idempotency_key)

    async def by_id(self, identifier: str) -> Account | None:
        """Give the account whose id is this."""
        found = await self._held(identifier)
        return None if found is None else found.account

    async def get(self, key: str) -> Account | None:
        """Give the account held under `key`."""
        found = await self._held(account_id(key))
        return None if found is None else found.account

    async def candidates(self, account: Account, limit: int) -> Sequence[Account]:
        """Give accounts of the same org that may be the same customer, as far as the service finds them."""
        own = traits(account)
        if not own:
            return ()
        asked = {
            "orgId": account.org_id,
            "salesforceAccountId": own.salesforce_account_id,
            "domain": own.domain,
            "nameKey": own.name_key,
            "limit": str(limit),
        }
        reply = await self._request("GET", "", query={name: value for name, value in asked.items() if value})
        on = "GET /accounts"
        if reply.status != HTTPStatus.OK:
            raise failure(reply, on=on, now=self._clock.now())
        found = found_accounts(reply, on=on)
        return [other for other in found if other.org_id == account.org_id and other.key != account.key][
            :limit
        ]

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _put(self, account: Account, idempotency_key: str) -> Held:
        on = f"PUT /accounts/{account.id}"
        reply = await self._request("PUT", account.id, account, idempotency_key)
        if reply.status in _DONE:
            return held(reply, account_id=account.id, revision=account.revision, on=on)
        if reply.status not in _HELD_HIGHER:
            raise failure(reply, on=on, now=self._clock.now())
        found = await self._held(account.id)
        if found is None or found.account.revision < account.revision:
            raise UnavailableError(f"the service answers {reply.status} and holds no higher revision", on=on)
        return found

    async def _held(self, identifier: str, *, in_doubt: bool = False) -> Held | None:
        """Ask what is held. `in_doubt`: a PUT's outcome stays unknown if this gets no answer."""
        on = f"GET /accounts/{identifier}"
        try:
            reply = await self._request("GET", identifier)
            if reply.status == HTTPStatus.NOT_FOUND:
                return None
            if reply.status != HTTPStatus.OK:
                raise failure(reply, on=on, now=self._clock.now())
            return held(reply, account_id=identifier, on=on)
        except UnavailableError as error:
            error.unknown_outcome = in_doubt
            raise

    def _settled(self, found: Held, idempotency_key: str) -> Upserted:
        self._doubts.pop(idempotency_key, None)
        return Upserted(found.account, created=found.created_by == idempotency_key)

    def _doubt(self, idempotency_key: str) -> None:
        self._doubts[idempotency_key] = None
        if len(self._doubts) > _MAX_DOUBTS:
            self._doubts.popitem(last=False)

    async def _request(
        self,
        method: str,
        identifier: str,
        account: Account | None = None,
        idempotency_key: str = "",
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        flight = _Flight()
        url = f"{self._base}/accounts" + (f"/{quote(identifier, safe='')}" if identifier else "")
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self._config.token is not None:
            headers["Authorization"] = f"Bearer {self._config.token.get_secret_value()}"
        body = None
        if account is not None:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": idempotency_key}
            body = account.model_dump_json().encode()
        try:
            async with self._opened().request(
                method,
                url,
                params=query,
                data=body,
                headers=headers,
                allow_redirects=False,
                ssl=self._tls,
                trace_request_ctx=flight,
            ) as response:
                content = await read_whole(response, most=_MAX_REPLY_BYTES)
                return Reply(response.status, response.headers, content)
        except TimeoutError as error:
            what = f"no answer within {self._config.timeout_seconds:g} s"
            raise UnavailableError(what, on=f"{method} {url}", unknown_outcome=flight.left) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise RefusedError(
                "the service's certificate is not trusted", on=url, todo="Set accounts.http.ca_file."
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            what = f"the connection failed: {str(error) or type(error).__name__}"
            raise UnavailableError(what, on=f"{method} {url}", unknown_outcome=flight.left) from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_note_departure)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._config.max_connections),
                timeout=aiohttp.ClientTimeout(total=self._config.timeout_seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trace_configs=[trace],
                middlewares=[_only_once],
            )
        return self._session


async def _note_departure(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: Any) -> None:
    context.trace_request_ctx.left = True


async def _only_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep the client library from sending a PUT anew, unseen, when its connection breaks."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(str(error)) from error

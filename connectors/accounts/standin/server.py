"""The stand-in's HTTP server; the contract is `docs/contracts/accounts-api.yaml`."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hmac import compare_digest
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from aiohttp import web
from pydantic import ValidationError

from connectors.accounts.http_replies import CREATED_BY
from connectors.accounts.standin.faults import Fault, Faults, ScriptedFaults
from connectors.accounts.standin.store import Answer, Store
from schemas.account import Account
from schemas.account_traits import Traits

__all__ = ["AccountsStandIn"]

_LOOPBACK = "127.0.0.1"
_MAX_BODY_BYTES = 1024 * 1024
_MOST_FOUND = 200
_PROBLEM = "application/problem+json"
_Result = TypeVar("_Result")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AccountsStandIn:
    """An accounts service on loopback. With `file` its state survives `kill -9`: it commits, then answers.

    With `token` it asks for it. `faults` may be exchanged while it runs. `GET /stats` tells what it has
    seen, for those who count.
    """

    def __init__(
        self,
        *,
        file: Path | None = None,
        faults: Faults | None = None,
        token: str | None = None,
        slow_seconds: float = 0.5,
    ) -> None:
        self.faults: Faults = faults or ScriptedFaults()
        self._file = file
        self._token = token
        self._slow_seconds = slow_seconds
        self._thread = ThreadPoolExecutor(1, "accounts-standin")
        self._store: Store | None = None
        self._runner: web.AppRunner | None = None

    @property
    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(middlewares=[self._guard], client_max_size=_MAX_BODY_BYTES)
        app.router.add_put("/accounts/{id}", self._put)
        app.router.add_get("/accounts/{id}", self._get, allow_head=False)
        app.router.add_get("/accounts", self._search, allow_head=False)
        app.router.add_get("/stats", self._stats, allow_head=False)
        return app

    async def start(self, port: int = 0) -> str:
        """Listen; return the base URL. Raises `OSError` when the port is taken."""
        self._store = await asyncio.get_running_loop().run_in_executor(self._thread, Store, self._file)
        self._runner = web.AppRunner(
            self.app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, _LOOPBACK, port).start()
        host, bound = self._runner.addresses[0][:2]
        return f"http://{host}:{bound}"

    async def stop(self) -> None:
        """Stop listening; what is held in a file stays."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._store is not None:
            await self._ask(Store.close)
            self._store = None
        self._thread.shutdown()

    async def _ask(self, question: Callable[..., _Result], *arguments: object) -> _Result:
        """Ask the store, in the one thread that it lives in."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, question, self._store, *arguments
        )

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        if self._token is not None and not compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return _problem(HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
        try:
            return await handler(request)
        except web.HTTPException as error:
            return _problem(HTTPStatus(error.status))

    async def _put(self, request: web.Request) -> web.StreamResponse:
        idempotency_key = request.headers.get("Idempotency-Key", "")
        if not idempotency_key:
            return _problem(HTTPStatus.BAD_REQUEST, "Idempotency-Key is missing.")
        if request.content_type != "application/json":
            return _problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            account = Account.model_validate_json(await request.read(), extra="ignore")
        except ValidationError as error:
            places = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
            return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"Not an account: {places}")
        if account.id != request.match_info["id"]:
            return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The id is not that of the path.")
        await self._ask(Store.count, idempotency_key)
        fault = self.faults.strike(idempotency_key)
        before = await self._fail_before(request, fault)
        if before is not None:
            return before
        answer = await self._ask(Store.put, account, idempotency_key)
        return await self._fail_after(request, fault) or _answered(answer)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        answer = await self._ask(Store.get, request.match_info["id"])
        return _problem(HTTPStatus.NOT_FOUND) if answer is None else _answered(answer)

    async def _search(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        own = Traits(asked.get("salesforceAccountId", ""), asked.get("domain", ""), asked.get("nameKey", ""))
        limit = asked.get("limit", "50")
        if (
            not asked.get("orgId")
            or not own
            or not limit.isdecimal()
            or not 0 < int(limit[:9]) <= _MOST_FOUND
        ):
            return _problem(
                HTTPStatus.BAD_REQUEST, f"orgId, one trait and a limit up to {_MOST_FOUND} are needed."
            )
        found = await self._ask(Store.search, asked["orgId"], own, int(limit))
        return web.json_response(text=f'{{"accounts": [{",".join(found)}]}}')

    async def _stats(self, _request: web.Request) -> web.StreamResponse:
        stats = await self._ask(Store.stats)
        return web.json_response(text=stats.model_dump_json())

    async def _fail_before(self, request: web.Request, fault: Fault | None) -> web.StreamResponse | None:
        match fault:
            case Fault.CONFLICT:
                return _problem(HTTPStatus.CONFLICT)
            case Fault.BUSY:
                return _problem(HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": "1"})
            case Fault.DOWN:
                soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
                return _problem(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": soon})
            case Fault.BROKEN:
                return _problem(HTTPStatus.INTERNAL_SERVER_ERROR)
            case Fault.CUT:
                return _cut(request)
            case Fault.SLOW:
                await asyncio.sleep(self._slow_seconds)
        return None

    async def _fail_after(self, request: web.Request, fault: Fault | None) -> web.StreamResponse | None:
        match fault:
            case Fault.BROKEN_AFTER:
                return _problem(HTTPStatus.INTERNAL_SERVER_ERROR)
            case Fault.GARBAGE_AFTER:
                return web.Response(text="<html>It works!", content_type="application/json")
            case Fault.CUT_AFTER:
                return _cut(request)
            case Fault.SILENT_AFTER:
                await asyncio.Event().wait()  # ends when the client hangs up, or the server stops
        return None


def _answered(answer: Answer) -> web.Response:
    if not answer.document:
        return _problem(HTTPStatus(answer.status))
    return web.json_response(
        text=answer.document, status=answer.status, headers={CREATED_BY: answer.created_by}
    )


def _problem(status: HTTPStatus, detail: str = "", *, headers: dict[str, str] | None = None) -> web.Response:
    content = {"title": status.phrase, "status": status.value, **({"detail": detail} if detail else {})}
    return web.json_response(content, status=status, headers=headers, content_type=_PROBLEM)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()

"""Change events over the Streaming API: aiosfstream-ng for one session, everything about failure by us.

The only module that imports the library. What is used of it: handshake, subscribe, the connect loop. What is
not: its replay storage, its logins, its reconnects, its queue. A guard sees every answer before the library
does, takes the events out in their order, and ends the session at the first doubt; whoever reads opens
another one after the last event it has seen. The library is pinned, since a few of its private names are
touched.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, NoReturn

import aiohttp
import orjson
from aiocometd_ng import Extension
from aiocometd_ng.constants import TransportState
from aiocometd_ng.exceptions import TransportError
from aiosfstream_ng import Client, ReplayMarkerStorage, ReplayMarkerStoragePolicy
from aiosfstream_ng.auth import AuthenticatorBase
from aiosfstream_ng.exceptions import AiosfstreamException

from connectors.ports import RETAINED_EDGE, Clock, Received
from connectors.salesforce.auth import Token, TokenManager
from connectors.salesforce.bayeux_failures import TokenRefusedError, failure_of, not_bayeux
from connectors.salesforce.bounded_response import LARGEST_ANSWER, bounded
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.decode import decode
from schemas.errors import DealwireError, GapError, OversizedError, UnavailableError

__all__ = ["CometdSource", "Patience"]

_ONLY_NEW, _ALL_RETAINED = -1, -2
_HANDED_OVER = 2000
_LEAVING_S = 3.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before a session is doubted.

    A connect is held for 110 seconds at most (Streaming API Developer Guide, "Clients and Timeouts"), so
    more silence than that is a broken connection.
    """

    opening: timedelta = timedelta(seconds=30)
    silence: timedelta = timedelta(seconds=130)
    look_every: timedelta = timedelta(seconds=5)


class CometdSource:
    """One channel of one org, as a `ChangeSource`. At least once, in the channel's order.

    Each call of `events` is one session. It ends by raising at the first doubt, after everything that came
    before it was given. Up to 2,000 events wait for the reader; then the org is not asked for more, and after
    40 seconds of that it ends the session.
    """

    def __init__(
        self,
        config: SalesforceConfig,
        channel: str,
        tokens: TokenManager,
        clock: Clock,
        patience: Patience | None = None,
    ) -> None:
        self._config = config
        self._channel = channel
        self._tokens = tokens
        self._clock = clock
        self._patience = patience or Patience()
        self._refused: Token | None = None
        self._session: _Session | None = None

    async def events(self, resume_after: str | None) -> AsyncGenerator[Received, None]:
        """Give events after a position; see `ChangeSource`."""
        position = _position(resume_after, self._channel)
        token = await self._token()
        session = _Session(self._config, self._channel, token, self._clock, self._patience)
        self._session = session
        try:
            await session.open(position)
            while True:
                yield await session.next()
        except TokenRefusedError:
            self._refused = token
            raise
        finally:
            await session.close()

    async def close(self) -> None:
        """Leave the session."""
        if self._session is not None:
            await self._session.close()

    async def _token(self) -> Token:
        if self._refused is None:
            return await self._tokens.token()
        token = await self._tokens.renew(self._refused)
        self._refused = None
        return token


class _Session:
    """One CometD session, from handshake to disconnect. Used once."""

    def __init__(
        self, config: SalesforceConfig, channel: str, token: Token, clock: Clock, patience: Patience
    ) -> None:
        self._config = config
        self._channel = channel
        self._token = token
        self._clock = clock
        self._patience = patience
        self._guard = _Guard(channel, token.org_id, clock)
        self._http: aiohttp.ClientSession | None = None
        self._client: Any = None
        self._watch: asyncio.Task[None] | None = None

    async def open(self, position: int) -> None:
        """Shake hands, connect and subscribe. Raises what the guard made of the failure."""
        began = self._clock.now()
        self._http = aiohttp.ClientSession(
            json_serialize=_dumps,
            timeout=aiohttp.ClientTimeout(sock_connect=self._config.connect_timeout_seconds),
            trace_configs=[self._guard.tracing()],
            response_class=bounded(self._guard.too_large),
        )
        # Made here since the library asks for the running loop when it is made.
        self._client = Client(
            _Authenticator(self._token),
            replay=_Position(position),
            replay_storage_policy=ReplayMarkerStoragePolicy.MANUAL,
            connection_timeout=0,
            max_pending_count=0,
            json_dumps=_dumps,
            json_loads=self._guard.loads,
        )
        self._client.get_cometd_url = lambda instance: f"{instance}/cometd/{self._config.api_version}"
        self._client._http_session = self._http  # noqa: SLF001 - it offers no other way to hand one in
        self._client.extensions.append(self._guard)
        try:
            async with asyncio.timeout(self._patience.opening.total_seconds()):
                await self._client.open()
                await self._client.subscribe(self._channel)
        except (
            AiosfstreamException,
            aiohttp.ClientError,
            TimeoutError,
            LookupError,
            ValueError,
            TypeError,
        ) as error:
            raise self._guard.failure or self._guard.lost(type(error).__name__) from error
        self._guard.subscribed(began, only_new=position == _ONLY_NEW)
        self._watch = asyncio.create_task(self._doubt_when_cut())

    async def next(self) -> Received:
        """Give the next event or quiet moment, or raise why there is none any more."""
        while True:
            try:
                async with asyncio.timeout(self._patience.look_every.total_seconds()):
                    arrived = await self._guard.take()
            except TimeoutError:
                self._look()
                continue
            if isinstance(arrived, DealwireError):
                raise arrived
            return arrived

    async def close(self) -> None:
        """Leave, telling the org if it can still be told; also after a failed `open`."""
        client, self._client = self._client, None
        if self._watch is not None:
            self._watch.cancel()
        self._guard.stand_down()
        try:
            if client is not None:
                await _leave(client)
        finally:
            if self._http is not None:
                await self._http.close()

    def _look(self) -> None:
        silent = self._clock.now() - self._guard.last_seen
        if silent > self._patience.silence:
            raise UnavailableError(
                f"Salesforce was silent for {silent.total_seconds():.0f} seconds", on=self._channel
            )
        if self._channel not in self._client.subscriptions:
            raise UnavailableError("the subscription is gone", on=self._channel)

    async def _doubt_when_cut(self) -> None:
        """End the session when an answer was lost: there may have been events in it.

        The library would ask again after a second, and the org would not repeat itself.
        """
        await self._client._transport.wait_for_state(TransportState.CONNECTING)  # noqa: SLF001 - no public name
        self._guard.doubt(self._guard.lost("the connection was cut"))


class _Guard(Extension):  # type: ignore[misc] # the library ships no types
    """Sees every answer first: hands over events, ends the session on any failure in it."""

    def __init__(self, channel: str, org_id: str, clock: Clock) -> None:
        # Not bounded itself: what a subscribe brings must fit before anybody reads. `_room` is the bound.
        self._arrivals: asyncio.Queue[Received | DealwireError] = asyncio.Queue()
        self._room = asyncio.Event()
        self._room.set()
        self.failure: DealwireError | None = None
        self.last_seen = clock.now()
        self._channel = channel
        self._org_id = org_id
        self._clock = clock
        self._status = 0
        self._is_subscribed = False

    async def outgoing(self, payload: Any, headers: Any) -> None:
        """Leave what goes out as it is."""

    async def incoming(self, payload: Any, headers: Any = None) -> None:  # noqa: ARG002 - the library's hook
        """Take the events out of an answer and check the rest."""
        if not isinstance(payload, list) or not all(
            isinstance(message, dict) and isinstance(message.get("channel"), str) for message in payload
        ):
            self._give_up(not_bayeux(payload, channel=self._channel))
        now = self.last_seen = self._clock.now()
        events = [message for message in payload if _is_event(message)]
        for event in events:
            self._arrivals.put_nowait(decode(event, org_id=self._org_id, channel=self._channel, at=now))
        payload[:] = [message for message in payload if not _is_event(message)]
        for reply in payload:
            if reply.get("successful") is False:
                self._give_up(failure_of(reply, channel=self._channel))
            if (told := _sent_away(reply)) is not None:
                self._give_up(UnavailableError(told, on=self._channel))
            _correct_advice(reply)
            if reply["channel"] == "/meta/connect" and self._is_subscribed and not events:
                self._arrivals.put_nowait(Received(self._channel, "", (), now, quiet=True))
        if self._is_subscribed and self._arrivals.qsize() >= _HANDED_OVER:
            self._room.clear()
            await self._room.wait()

    async def take(self) -> Received | DealwireError:
        """Take what came first; waits for it."""
        arrived = await self._arrivals.get()
        if self._arrivals.qsize() < _HANDED_OVER:
            self._room.set()
        return arrived

    def subscribed(self, since: datetime, *, only_new: bool) -> None:
        """Tell that the subscription holds since `since`; with new events only, nothing was before."""
        self._is_subscribed = True
        self._arrivals.put_nowait(Received(self._channel, "", (), since, quiet=only_new))

    def stand_down(self) -> None:
        """Hold nothing up any more: nobody reads."""
        self._is_subscribed = False
        self._room.set()

    def doubt(self, error: DealwireError) -> None:
        """End the session with an error, after what has arrived; the first one counts."""
        if self.failure is None:
            self.failure = error
            self._arrivals.put_nowait(error)

    def lost(self, why: str) -> DealwireError:
        """Give the error of a session that broke without a word in Bayeux."""
        if self._status == HTTPStatus.UNAUTHORIZED:
            return TokenRefusedError("Salesforce answers 401", on=self._channel)
        told = f" after HTTP {self._status}" if self._status >= HTTPStatus.BAD_REQUEST else ""
        return UnavailableError(f"the session is lost{told}: {why}", on=self._channel)

    def too_large(self) -> None:
        """End the session at an answer that nobody should hold in memory."""
        told = f"an answer has more than {LARGEST_ANSWER // 2**20} MiB, which Salesforce never sends"
        self.doubt(OversizedError(told, on=self._channel, todo="Look at what is between here and the org."))

    def loads(self, text: str) -> Any:
        """Read JSON; raises `TransportError` for what is none."""
        try:
            return orjson.loads(text)
        except ValueError as error:
            raise TransportError("not JSON") from error

    def tracing(self) -> aiohttp.TraceConfig:
        """Note the status of each answer, which the library does not look at."""
        trace = aiohttp.TraceConfig()

        async def ended(
            _session: aiohttp.ClientSession, _context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
        ) -> None:
            self._status = end.response.status

        trace.on_request_end.append(ended)
        return trace

    def _give_up(self, error: DealwireError) -> NoReturn:
        self.doubt(error)
        raise TransportError(error.what)


class _Position(ReplayMarkerStorage):  # type: ignore[misc] # the library ships no types
    """Says where a subscription begins. Positions are kept by whoever reads, never here."""

    def __init__(self, position: int) -> None:
        super().__init__()
        self._position = position

    async def insert_replay_id(self, message: Any) -> None:
        """Put the position into a subscribe."""
        message["ext"] = {**message.get("ext", {}), "replay": {message["subscription"]: self._position}}

    async def get_replay_marker(self, _subscription: str) -> None:
        """Know of none."""

    async def set_replay_marker(self, _subscription: str, _marker: Any) -> None:
        """Keep nothing."""

    async def extract_replay_id(self, _message: Mapping[str, Any]) -> None:
        """Keep nothing."""


class _Authenticator(AuthenticatorBase):  # type: ignore[misc] # the library ships no types
    """Hands the library a token that somebody else looks after."""

    def __init__(self, token: Token) -> None:
        super().__init__()
        self._given = {
            "access_token": token.access_token,
            "token_type": "Bearer",
            "instance_url": token.instance_url,
        }

    async def _authenticate(self) -> tuple[int, Mapping[str, str]]:
        return HTTPStatus.OK, self._given


async def _leave(client: Any) -> None:
    transport = client._transport  # noqa: SLF001 - after a failed open only this stops its background task
    if transport is None:
        return
    if transport._connect_task is not None:  # noqa: SLF001 - its callback would log an error at each close
        transport._connect_task.remove_done_callback(transport._connect_done)  # noqa: SLF001
    with suppress(TimeoutError, AiosfstreamException, TransportError, aiohttp.ClientError):
        async with asyncio.timeout(_LEAVING_S):
            await transport.disconnect()


def _position(resume_after: str | None, channel: str) -> int:
    if resume_after is None:
        return _ONLY_NEW
    if resume_after == RETAINED_EDGE:
        return _ALL_RETAINED
    if not resume_after.isdecimal():
        raise GapError(
            f"{resume_after[:40]!r} is no position of this transport",
            on=channel,
            todo="What is retained is read from its edge.",
        )
    return int(resume_after)


def _sent_away(reply: Mapping[str, Any]) -> str | None:
    """Say if a connect that went well is advised against another one.

    The library would shake hands by itself and begin again where this session began, or stop without a word.
    """
    advice = reply.get("advice")
    wanted = advice.get("reconnect", "retry") if isinstance(advice, dict) else "retry"
    if reply["channel"] != "/meta/connect" or wanted == "retry":
        return None
    return f"Salesforce ends the session: reconnect {str(wanted)[:40]}"


def _correct_advice(reply: dict[str, Any]) -> None:
    """Give the interval in seconds, for which the library takes it; on the wire it is milliseconds."""
    advice = reply.get("advice")
    if not isinstance(advice, dict):
        reply.pop("advice", None)
    elif isinstance(interval := advice.pop("interval", None), (int, float)):
        advice["interval"] = interval / 1000


def _is_event(message: Mapping[str, Any]) -> bool:
    return "data" in message and not str(message["channel"]).startswith("/meta/")


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()

"""The one token of an org that everything shares: REST calls and the Streaming API alike."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import count

import structlog

from connectors.breaker import Breaker
from connectors.ports import Clock, SystemClock
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.login import Login, OAuthLogin
from connectors.salesforce.token import Token
from schemas.errors import BrokenInvariantError, ConfigurationError, RefusedError, UnavailableError

__all__ = ["Token", "TokenManager"]

_log = structlog.get_logger(__name__)

_TRIES = 3
_FIRST_PAUSE_S = 0.5
_YOUNG = timedelta(seconds=30)
_LIVED = timedelta(minutes=20)
"""A token this old was good for something; longer than a breaker's longest pause."""


class TokenManager:
    """Logs in when it must, once for everybody who waits.

    A refusal that somebody must mend is remembered until the process ends, so that a wrong secret locks
    nobody out. Passing failures are tried again after a pause, a few times; then logins rest for a growing
    time, in which callers get `UnavailableError` with `retry_after`. A token that is refused just after its
    login is offered once more, since an org may need a moment to know it; an org that keeps issuing tokens
    and refusing them is left alone the same way.
    """

    def __init__(
        self,
        config: SalesforceConfig,
        *,
        clock: Clock | None = None,
        login: Login | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock or SystemClock()
        self._login = login or OAuthLogin(config, self._clock)
        self._on = config.login_url
        self._pause = pause
        self._token: Token | None = None
        self._since: datetime | None = None
        self._offered_again = False
        self._flight: asyncio.Task[Token] | None = None
        self._refusal: RefusedError | ConfigurationError | None = None
        self._logins = Breaker(self._clock)
        self._young_refusals = Breaker(self._clock)

    async def token(self) -> Token:
        """Give the current token; log in if there is none."""
        return self._token or await self._shared_login()

    async def renew(self, stale: Token) -> Token:
        """Give a token other than `stale`, which the org refused.

        Whoever comes with a token that was renewed meanwhile gets the current one without a login.
        Raises `UnavailableError` or `RefusedError`.
        """
        if self._flight is None and self._token is not None:
            if self._token.access_token != stale.access_token:
                return self._token
            if self._keeps_young():
                return self._token
        return await self._shared_login()

    def _keeps_young(self) -> bool:
        age = _LIVED if self._since is None else self._clock.now() - self._since
        if age >= _LIVED:
            self._young_refusals.succeeded()
            return False
        if age < _YOUNG and not self._offered_again:
            self._offered_again = True
            return True
        if self._young_refusals.closed_in == timedelta(0):
            self._young_refusals.failed()
        return False

    async def _shared_login(self) -> Token:
        if self._flight is None:
            self._check_allowed()
            self._flight = asyncio.create_task(self._log_in(), name="salesforce-login")
            self._flight.add_done_callback(self._landed)
        # A caller that gives up does not take the login from the others.
        return await asyncio.shield(self._flight)

    def _check_allowed(self) -> None:
        if self._refusal is not None:
            raise type(self._refusal)(self._refusal.what, on=self._refusal.on, todo=self._refusal.todo)
        for breaker, why in (
            (self._logins, "logins failed several times in a row and rest"),
            (self._young_refusals, "the org issues tokens and refuses them at once"),
        ):
            if (wait := breaker.closed_in) > timedelta(0):
                raise UnavailableError(why, on=self._on, retry_after=wait)

    def _landed(self, flight: asyncio.Task[Token]) -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # looked at, also if every caller has given up

    async def _log_in(self) -> Token:
        for number in count(1):
            try:
                token = await self._login()
            except UnavailableError as error:
                self._logins.failed(error.retry_after or timedelta(0))
                _log.warning("salesforce login failed", attempt=number, on=self._on, reason=error.what)
                if number >= _TRIES or self._logins.closed_in > timedelta(0):
                    raise
                # Full jitter, so that many processes do not come back together.
                await self._pause(random.uniform(0, _FIRST_PAUSE_S * 2**number))  # noqa: S311 - no secret
            except (RefusedError, ConfigurationError) as error:
                self._refusal = error
                _log.error("salesforce login refused", on=self._on, reason=error.what, todo=error.todo)
                raise
            else:
                self._logins.succeeded()
                self._token, self._since, self._offered_again = token, self._clock.now(), False
                _log.info("salesforce login", on=self._on, org_id=token.org_id, instance=token.instance_url)
                return token
        raise BrokenInvariantError("a login ended without a token or an error", on=self._on)

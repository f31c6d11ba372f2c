"""The CometD source before everything that can go wrong with the Streaming API, by name: nothing is lost.

Each fault strikes a subscription that has heard one change; a second one happens while it lasts, a third one
after it. Whoever reads opens anew after the last event it has seen, as the subscriber does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta

import pytest
from pydantic import SecretStr

from connectors.ports import RETAINED_EDGE, Received, SystemClock
from connectors.salesforce.auth import TokenManager
from connectors.salesforce.bayeux_failures import TokenRefusedError
from connectors.salesforce.cometd import CometdSource, Patience
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.login import OAuthLogin
from connectors.salesforce.simulator.clock import LiveClock
from connectors.salesforce.simulator.cometd.named_faults import NAMES, REFUSALS, inflict
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.server import OrgServer
from schemas.errors import DealwireError, GapError, OversizedError, RefusedError, UnavailableError

CHANNEL = "/data/OpportunityChangeEvent"

EXPECTED: dict[str, type[DealwireError] | None] = {
    "version-missing": RefusedError,
    "version-unsupported": RefusedError,
    "connection-type-invalid": RefusedError,
    "channel-unknown": RefusedError,
    "channel-unknown-in-old-words": RefusedError,
    "channel-missing": RefusedError,
    "channel-without-slash": RefusedError,
    "cookie-missing": UnavailableError,
    "cookie-missing-at-subscribe": UnavailableError,
    "replay-id-invalid": GapError,
    "user-other": UnavailableError,
    "user-other-at-subscribe": UnavailableError,
    "authentication-invalid": TokenRefusedError,
    "authentication-invalid-at-handshake": TokenRefusedError,
    "authentication-missing": TokenRefusedError,
    "handshake-denied": UnavailableError,
    "handshake-denied-by-policy": TokenRefusedError,
    "handshake-not-completed": UnavailableError,
    "unknown-client": UnavailableError,
    "unknown-client-at-subscribe": UnavailableError,
    "clients-exceeded": UnavailableError,
    "events-exceeded": UnavailableError,
    "events-exceeded-at-subscribe": UnavailableError,
    "topic-full": UnavailableError,
    "channel-not-created": RefusedError,
    "channel-restricted": RefusedError,
    "permission-missing": RefusedError,
    "permission-missing-in-other-words": RefusedError,
    "entity-inaccessible": RefusedError,
    "where-fields-inaccessible": RefusedError,
    "connections-exceeded": UnavailableError,
    "request-too-large": RefusedError,
    "busy-at-handshake": UnavailableError,
    "busy-at-connect": UnavailableError,
    "busy-at-subscribe": UnavailableError,
    "generic-not-created": RefusedError,
    "generic-no-access": RefusedError,
    "generic-unknown": RefusedError,
    "generic-case": RefusedError,
    "server-restart": UnavailableError,
    "clients-forgotten": UnavailableError,
    "sessions-expired": TokenRefusedError,
    "http-401": TokenRefusedError,
    "http-403": UnavailableError,
    "http-503": UnavailableError,
    "login-page": UnavailableError,
    "connection-refused": UnavailableError,
    "answer-cut": UnavailableError,
    "advice-storm": UnavailableError,
    "advice-storm-retry": None,
    "advice-storm-none": UnavailableError,
    "answer-too-large": OversizedError,
    "duplicates": None,
    "delay": None,
    "gap": None,
    "migration": GapError,
}
"""What the reader is told by the first session that tells anything; None where the session goes on."""

WATCHED = {"silent-subscription", "silent-subscribe"}
"""Nobody is told of these: who reads must find them out. Their tests are below."""

RETRY_AFTER = {
    "events-exceeded": 15 * 60,
    "events-exceeded-at-subscribe": 15 * 60,
    "busy-at-handshake": 30,
    "busy-at-connect": 30,
    "busy-at-subscribe": 30,
    "clients-exceeded": 30,
    "connections-exceeded": 30,
    "topic-full": 30,
}


class Reader:
    """Reads a channel as the subscriber does: opens anew after each failure, and keeps its place."""

    def __init__(self, org: Org, server: OrgServer) -> None:
        config = SalesforceConfig(
            login_url=org.login_url,
            client_id=org.app.client_id,
            client_secret=SecretStr(org.app.client_secret),
        )
        clock = SystemClock()
        tokens = TokenManager(config, login=OAuthLogin(config, clock), clock=clock)
        patience = Patience(opening=timedelta(seconds=10), look_every=timedelta(milliseconds=50))
        self.source = CometdSource(config, CHANNEL, tokens, clock, patience)
        self.org = org
        self.server = server
        self.place: str | None = None
        self.heard: list[str] = []
        self.kinds: list[str] = []
        self.errors: list[DealwireError] = []
        self.quiet = 0
        self.open = asyncio.Event()
        self.news = asyncio.Event()
        self._made = 0
        with org.transaction(org.admin_id) as tx:
            self.deal = tx.create(
                "Opportunity", {"Name": "new", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
            )

    def change(self) -> None:
        self._made += 1
        with self.org.transaction(self.org.admin_id) as tx:
            tx.update("Opportunity", self.deal, {"Name": f"deal {self._made}"})

    async def run(self) -> None:
        while True:
            self.open.clear()
            try:
                async with aclosing(self.source.events(self.place)) as events:
                    async for received in events:
                        self._take(received)
            except DealwireError as error:
                self.errors.append(error)
                self.news.set()
                if isinstance(error, GapError):
                    self.place = RETAINED_EDGE

    def _take(self, received: Received) -> None:
        self.open.set()
        self.news.set()
        self.quiet += received.quiet
        if received.replay_id:
            self.place = received.replay_id
            self.heard.append(received.replay_id)
            self.kinds += [change.change_type for change in received.changes]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds of what was read."""
        while not holds():
            self.news.clear()
            await self.news.wait()

    async def until_heard(self) -> None:
        """Wait until what is newest on the bus now was heard."""
        newest = str(self.org.changes.newest)
        await self.until(lambda: newest in self.heard)


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    org = Org(seed=3, clock=LiveClock(), jitter_seconds=0)
    server = OrgServer(org, hold=timedelta(milliseconds=200))
    await server.start()
    yield Reader(org, server)
    await server.stop()


@asynccontextmanager
async def running(reader: Reader) -> AsyncIterator[None]:
    task = asyncio.create_task(reader.run())
    try:
        async with asyncio.timeout(20):
            await reader.open.wait()
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def ids(reader: Reader) -> list[str]:
    return [str(event.replay_id) for event in reader.org.changes.after(0)]


def test_every_fault_by_name_is_in_the_table() -> None:
    assert EXPECTED.keys() | WATCHED == NAMES


@pytest.mark.parametrize("name", sorted(EXPECTED))
async def test_nothing_is_lost_and_the_right_thing_is_told(reader: Reader, name: str) -> None:
    expected = EXPECTED[name]
    async with running(reader):
        reader.change()
        await reader.until_heard()
        first = reader.place
        again = name in REFUSALS and REFUSALS[name].channel != "/meta/connect"
        if again:
            # Only a new session says this message once more, so the first error is that of the old one.
            inflict(reader.server.cometd, "clients-forgotten")
        inflict(reader.server.cometd, name)
        reader.change()
        reader.org.clock.advance(timedelta(seconds=3))
        await reader.until_heard()
        if expected is not None:
            await reader.until(lambda: any(isinstance(error, expected) for error in reader.errors[again:]))
        reader.change()
        reader.org.clock.advance(timedelta(seconds=3))
        await reader.until_heard()
    retained = ids(reader)
    made = retained[-3:] if name != "migration" else [str(first), *retained]
    assert [each for each in dict.fromkeys(reader.heard) if each in made] == made
    if expected is None:
        assert reader.errors == []
    else:
        told = next(error for error in reader.errors[again:] if isinstance(error, expected))
        wait = told.retry_after if isinstance(told, UnavailableError) else None
        assert (wait.total_seconds() if wait else None) == RETRY_AFTER.get(name)


async def test_a_repeated_event_is_given_twice_and_has_one_place(reader: Reader) -> None:
    async with running(reader):
        inflict(reader.server.cometd, "duplicates")
        reader.change()
        reader.change()
        await reader.until_heard()
        await reader.until(lambda: len(reader.heard) == 3)
    first, second = ids(reader)[-2:]
    assert sorted(reader.heard) == sorted([first, first, second])


async def test_a_gap_in_place_of_an_event_is_handed_on_as_one(reader: Reader) -> None:
    async with running(reader):
        inflict(reader.server.cometd, "gap")
        reader.change()
        reader.change()
        await reader.until_heard()
    assert reader.kinds == ["GAP_UPDATE", "UPDATE"]


@pytest.mark.parametrize("name", sorted(WATCHED))
async def test_a_silent_subscription_looks_quiet_until_it_is_opened_anew(reader: Reader, name: str) -> None:
    async with running(reader):
        reader.change()
        await reader.until_heard()
        if name == "silent-subscribe":
            inflict(reader.server.cometd, name)
            inflict(reader.server.cometd, "clients-forgotten")
            await reader.until(lambda: bool(reader.errors))
            await reader.open.wait()
        else:
            inflict(reader.server.cometd, name, channel=CHANNEL)
        missed = reader.quiet
        reader.change()
        await reader.until(lambda: reader.quiet >= missed + 3)
        assert len(reader.heard) == 1
        errors = len(reader.errors)
        inflict(reader.server.cometd, "clients-forgotten")
        await reader.until_heard()
        assert len(reader.errors) == errors + 1
    assert reader.heard == ids(reader)[-2:]

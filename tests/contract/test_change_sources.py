"""Every subscription to changes, held to one suite: the twin in memory; CometD and polling before an org."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import timedelta

import pytest
from pydantic import SecretStr

from connectors.ports import RETAINED_EDGE, ChangeSource, Received, SystemClock
from connectors.salesforce.auth import TokenManager
from connectors.salesforce.change_memory import MemoryChangeSource
from connectors.salesforce.cometd import CometdSource, Patience
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.login import OAuthLogin
from connectors.salesforce.polling.config import PollConfig
from connectors.salesforce.polling.source import PollSource
from connectors.salesforce.rest import RestClient
from connectors.salesforce.simulator.clock import LiveClock
from connectors.salesforce.simulator.org import Org
from connectors.salesforce.simulator.server import OrgServer
from schemas.change import Change
from schemas.errors import GapError, UnavailableError

CHANNEL = "/data/OpportunityChangeEvent"


class MemoryChannel:
    """A channel in memory, and a deal that changes in it."""

    def __init__(self) -> None:
        self.memory = MemoryChangeSource(CHANNEL)
        self.source: ChangeSource = self.memory
        self._names = 0

    def change(self) -> str:
        """Change a deal, and give its new name."""
        self._names += 1
        name = f"deal {self._names}"
        body = f'{{"Name": "{name}"}}'.encode()
        self.memory.append(Change(id=name, org_id="00D", entity="Opportunity", body=body))
        return name

    def forget(self) -> None:
        self.memory.forget()

    async def cut(self) -> None:
        self.memory.fail(UnavailableError("cut", on=CHANNEL))

    def rest(self) -> None:
        self.memory.quieten()


def config_of(org: Org) -> SalesforceConfig:
    return SalesforceConfig(
        login_url=org.login_url, client_id=org.app.client_id, client_secret=SecretStr(org.app.client_secret)
    )


class CometdChannel:
    """A channel of a simulated org behind a socket."""

    def __init__(self, org: Org, server: OrgServer) -> None:
        self._org = org
        self._server = server
        config = config_of(org)
        clock = SystemClock()
        tokens = TokenManager(config, login=OAuthLogin(config, clock), clock=clock)
        patience = Patience(opening=timedelta(seconds=10), look_every=timedelta(milliseconds=50))
        self.source: ChangeSource = CometdSource(config, CHANNEL, tokens, clock, patience)
        self._names = 0
        with org.transaction(org.admin_id) as tx:
            self._deal = tx.create(
                "Opportunity", {"Name": "new", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
            )

    def change(self) -> str:
        self._names += 1
        name = f"deal {self._names}"
        with self._org.transaction(self._org.admin_id) as tx:
            tx.update("Opportunity", self._deal, {"Name": name})
        return name

    def forget(self) -> None:
        self._org.changes.forget_all()

    async def cut(self) -> None:
        await self._server.stop()

    def rest(self) -> None:
        """The server answers a connect in which nothing happened by itself, after its hold."""


class PolledChannel:
    """The deals of a simulated org behind a socket, each of which changes once: several changes are one."""

    def __init__(self, org: Org, server: OrgServer) -> None:
        self._org = org
        self._server = server
        config, clock = config_of(org), SystemClock()
        rest = RestClient(config, TokenManager(config, login=OAuthLogin(config, clock), clock=clock))
        poll = PollConfig(shortest_seconds=0.05, longest_seconds=0.1, share=1)
        self.source: ChangeSource = PollSource(poll, CHANNEL, rest, org.clock)
        with org.transaction(org.admin_id) as tx:
            deal = {"Name": "new", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
            self._deals = [tx.create("Opportunity", deal) for _ in range(8)]
        self._names = 0
        self.forget()

    def change(self) -> str:
        self._names += 1
        name = f"deal {self._names}"
        self._org.clock.advance(timedelta(seconds=1))
        with self._org.transaction(self._org.admin_id) as tx:
            tx.update("Opportunity", self._deals[self._names], {"Name": name})
        return name

    def forget(self) -> None:
        self._org.clock.advance(timedelta(hours=73))

    async def cut(self) -> None:
        await self._server.stop()

    def rest(self) -> None:
        """A poll that finds nothing comes by itself."""


Channel = MemoryChannel | CometdChannel | PolledChannel


@pytest.fixture(params=["memory", "cometd", "poll"])
async def channel(request: pytest.FixtureRequest) -> AsyncIterator[Channel]:
    if request.param == "memory":
        yield MemoryChannel()
        return
    async with AsyncExitStack() as stack:
        org = Org(seed=3, clock=LiveClock(), jitter_seconds=0)
        server = OrgServer(org, hold=timedelta(milliseconds=300))
        await server.start()
        stack.push_async_callback(server.stop)
        yield CometdChannel(org, server) if request.param == "cometd" else PolledChannel(org, server)


@asynccontextmanager
async def reading(channel: Channel, resume_after: str | None) -> AsyncIterator["Reader"]:
    """Open a session; inside, it is subscribed."""
    async with asyncio.timeout(20), aclosing(channel.source.events(resume_after)) as events:
        reader = Reader(events)
        first = await anext(events)
        assert first.replay_id == ""
        yield reader


class Reader:
    """Reads events, without the moments at which there were none."""

    def __init__(self, events: AsyncGenerator[Received, None]) -> None:
        self.events = events

    async def take(self, count: int) -> list[Received]:
        found: list[Received] = []
        while len(found) < count:
            received = await anext(self.events)
            if not received.quiet:
                found.append(received)
        return found


def names(found: list[Received]) -> list[str]:
    return [
        change.body.decode().split('"Name":')[1].split('"')[1] for each in found for change in each.changes
    ]


async def test_without_a_position_only_new_events_come(channel: Channel) -> None:
    channel.change()
    async with reading(channel, None) as reader:
        new = channel.change()
        assert names(await reader.take(1)) == [new]


async def test_from_the_edge_everything_retained_comes_in_order(channel: Channel) -> None:
    made = [channel.change() for _ in range(5)]
    async with reading(channel, RETAINED_EDGE) as reader:
        assert names(await reader.take(6 if isinstance(channel, CometdChannel) else 5))[-5:] == made


async def test_after_a_position_come_those_behind_it_and_again_when_opened_again(channel: Channel) -> None:
    made = [channel.change() for _ in range(4)]
    async with reading(channel, RETAINED_EDGE) as reader:
        found = await reader.take(5 if isinstance(channel, CometdChannel) else 4)
    place = found[-3].replay_id
    for _ in range(2):
        async with reading(channel, place) as reader:
            assert names(await reader.take(2)) == made[-2:]


async def test_what_happens_while_nobody_reads_comes_later(channel: Channel) -> None:
    async with reading(channel, None) as reader:
        channel.change()
        (first,) = await reader.take(1)
    await channel.source.close()
    missed = [channel.change(), channel.change()]
    async with reading(channel, first.replay_id) as reader:
        assert names(await reader.take(2)) == missed


async def test_positions_are_told_and_differ(channel: Channel) -> None:
    async with reading(channel, None) as reader:
        for _ in range(3):
            channel.change()
        found = await reader.take(3)
    assert len({each.replay_id for each in found}) == 3
    assert all(each.replay_id and each.channel == CHANNEL for each in found)


@pytest.mark.parametrize("position", ["1", "no position"])
async def test_a_position_that_is_not_retained_is_a_gap(channel: Channel, position: str) -> None:
    channel.change()
    channel.forget()
    with pytest.raises(GapError):
        async with reading(channel, position) as reader:
            await reader.take(1)


async def test_after_a_gap_the_edge_can_be_read(channel: Channel) -> None:
    channel.change()
    channel.forget()
    new = channel.change()
    async with reading(channel, RETAINED_EDGE) as reader:
        assert names(await reader.take(1)) == [new]


async def test_quiet_moments_are_told(channel: Channel) -> None:
    async with reading(channel, None) as reader:
        channel.rest()
        received = await anext(reader.events)
        assert (received.quiet, received.replay_id, received.changes) == (True, "", ())


async def test_a_session_that_breaks_says_so(channel: Channel) -> None:
    async with reading(channel, None) as reader:
        await channel.cut()
        with pytest.raises(UnavailableError):
            await reader.take(1)

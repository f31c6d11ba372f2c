"""A failing service behind the circuit breaker: it is spared; each account is done once and in order."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from connectors.accounts.config import HttpAccountsConfig
from connectors.accounts.http import HttpAccountSink
from connectors.accounts.standin.faults import Fault, ScriptedFaults
from connectors.accounts.standin.server import AccountsStandIn
from connectors.accounts.standin.store import Store
from schemas.errors import UnavailableError
from streams.metrics import Metrics
from streams.resting_accounts import RestingAccounts
from streams.sink_rest import SinkRest
from tests.fixtures.accounts import an_account
from tests.fixtures.agents import FakeClock


class Behind:
    def __init__(self, standin: AccountsStandIn, sink: RestingAccounts, clock: FakeClock) -> None:
        self.standin = standin
        self.sink = sink
        self.clock = clock

    async def fails(self, number: int, revision: int = 1) -> UnavailableError:
        with pytest.raises(UnavailableError) as failed:
            await self.upsert(number, revision)
        return failed.value

    async def upsert(self, number: int, revision: int = 1) -> int:
        key = f"c{number}-{revision}"
        done = await self.sink.upsert(an_account(number, revision=revision), idempotency_key=key)
        return done.account.revision

    async def puts(self) -> dict[str, int]:
        return (await self.standin._ask(Store.stats)).puts


@pytest.fixture
async def behind() -> AsyncIterator[Behind]:
    async with AsyncExitStack() as ends:
        standin, clock = AccountsStandIn(), FakeClock()
        http = HttpAccountSink(HttpAccountsConfig(url=await standin.start(), timeout_seconds=2), clock=clock)
        ends.push_async_callback(standin.stop)
        ends.push_async_callback(http.close)
        yield Behind(standin, RestingAccounts(http, SinkRest("accounts", clock, Metrics())), clock)


OUTAGE = [Fault.BROKEN, Fault.CUT, Fault.DOWN, Fault.BROKEN_AFTER, Fault.CUT_AFTER]


async def test_an_outage_is_met_five_times_and_everything_is_done_once(behind: Behind) -> None:
    behind.standin.faults = ScriptedFaults(OUTAGE)
    for number in range(20):
        error = await behind.fails(number)
        assert (error.retry_after is not None) == (number >= 5 or number == 2)  # 2: DOWN says when
    assert len(await behind.puts()) == 5
    behind.clock.at += timedelta(seconds=7)
    assert [await behind.upsert(number) for number in range(20)] == [1] * 20
    stats = await behind.standin._ask(Store.stats)
    assert sorted(stats.done) == sorted(f"c{number}-1" for number in range(20))
    assert set(stats.accounts.values()) == {1}
    assert stats.puts["c3-1"] == stats.puts["c4-1"] == 1  # done before the answer was lost: asked, not put


async def test_a_service_that_throttles_is_obeyed_and_not_left_alone(behind: Behind) -> None:
    behind.standin.faults = ScriptedFaults([Fault.BUSY] * 8)
    for number in range(8):
        assert (await behind.fails(number)).retry_after == timedelta(seconds=1)
    assert await behind.upsert(9) == 1


async def test_the_order_of_an_account_holds_over_a_rest(behind: Behind) -> None:
    behind.standin.faults = ScriptedFaults(OUTAGE)
    for number in range(5):
        await behind.fails(number)
    await behind.fails(1, revision=2)  # sent away
    behind.clock.at += timedelta(seconds=7)
    assert await behind.upsert(1, revision=2) == 2
    assert await behind.upsert(1, revision=1) == 2
    held = await behind.sink.get(an_account(1).key)
    assert held is not None
    assert held.revision == 2

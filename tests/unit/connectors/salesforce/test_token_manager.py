"""One login for everybody, none that locks anybody out, and none too many."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from connectors.salesforce.auth import TokenManager
from schemas.errors import ConfigurationError, DealwireError, RefusedError, UnavailableError
from tests.fixtures.salesforce_client import HandClock, Pauses, ScriptedLogin, a_config, a_token

DOWN = UnavailableError("down")
WRONG = RefusedError("wrong secret", on="here", todo="Set it.")


class Bench:
    """A token manager over a scripted login."""

    def __init__(self, *script: str | Exception) -> None:
        self.clock, self.pauses, self.login = HandClock(), Pauses(), ScriptedLogin(list(script))
        self.tokens = TokenManager(a_config(), clock=self.clock, login=self.login, pause=self.pauses)


async def test_fifty_callers_make_one_login() -> None:
    bench = Bench("t")
    found = await asyncio.gather(*(bench.tokens.token() for _ in range(50)))
    assert len(set(found)) == 1
    assert bench.login.logins == 1


async def test_fifty_callers_with_an_old_token_make_one_login() -> None:
    bench = Bench("t")
    stale = await bench.tokens.token()
    bench.clock.move(hours=2)
    found = await asyncio.gather(*(bench.tokens.renew(stale) for _ in range(50)))
    assert {each.access_token for each in found} == {"t2"}
    assert bench.login.logins == 2


async def test_who_comes_late_with_the_old_token_gets_the_new_one() -> None:
    bench = Bench("t")
    stale = await bench.tokens.token()
    bench.clock.move(hours=2)
    new = await bench.tokens.renew(stale)
    assert await bench.tokens.renew(stale) is new
    assert bench.login.logins == 2


async def test_fifty_callers_share_one_failure() -> None:
    bench = Bench(DOWN)
    found = await asyncio.gather(*(bench.tokens.token() for _ in range(50)), return_exceptions=True)
    assert all(isinstance(each, UnavailableError) for each in found)
    assert bench.login.logins == 3


async def test_a_caller_that_gives_up_leaves_the_login_to_the_others() -> None:
    bench = Bench("t")
    first, second = (asyncio.create_task(bench.tokens.token()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).access_token == "t1"
    assert bench.login.logins == 1


@pytest.mark.parametrize("error", [WRONG, ConfigurationError("no key", on="key.pem")])
async def test_a_refusal_is_never_tried_again(error: DealwireError) -> None:
    bench = Bench(error, "t")
    for _ in range(3):
        with pytest.raises(type(error), match=error.what):
            await bench.tokens.token()
        bench.clock.move(days=1)
    assert bench.login.logins == 1


async def test_a_passing_failure_is_tried_again_after_a_bounded_pause() -> None:
    bench = Bench(DOWN, DOWN, "t")
    assert (await bench.tokens.token()).access_token == "t3"
    assert len(bench.pauses.seconds) == 2
    assert all(0 <= each <= 2 for each in bench.pauses.seconds)


async def test_logins_rest_for_a_growing_time() -> None:
    bench = Bench(DOWN)
    rests = []
    for _ in range(8):
        with pytest.raises(UnavailableError):
            await bench.tokens.token()
        made = bench.login.logins
        with pytest.raises(UnavailableError) as resting:
            await bench.tokens.token()
        assert bench.login.logins == made
        assert resting.value.retry_after is not None
        rests.append(resting.value.retry_after)
        bench.clock.moment += resting.value.retry_after
    assert [each.total_seconds() for each in rests] == [15, 30, 60, 120, 240, 480, 600, 600]
    assert bench.login.logins == 3 + 7


async def test_a_login_after_the_rest_counts_from_the_start_again() -> None:
    bench = Bench(DOWN, DOWN, DOWN, "t", DOWN, DOWN, "t")
    with pytest.raises(UnavailableError):
        await bench.tokens.token()
    bench.clock.move(minutes=1)
    token = await bench.tokens.token()
    bench.clock.move(hours=2)
    assert (await bench.tokens.renew(token)).access_token == "t7"


async def test_what_salesforce_asks_to_wait_is_waited() -> None:
    bench = Bench(UnavailableError("busy", retry_after=timedelta(seconds=90)), "t")
    with pytest.raises(UnavailableError):
        await bench.tokens.token()
    bench.clock.move(seconds=89)
    with pytest.raises(UnavailableError, match="rest"):
        await bench.tokens.token()
    bench.clock.move(seconds=2)
    assert (await bench.tokens.token()).access_token == "t2"


async def test_a_clock_set_back_does_not_keep_logins_resting() -> None:
    bench = Bench(DOWN)
    with pytest.raises(UnavailableError):
        await bench.tokens.token()
    bench.clock.move(days=-1)
    with pytest.raises(UnavailableError) as resting:
        await bench.tokens.token()
    assert resting.value.retry_after is not None
    assert resting.value.retry_after <= timedelta(minutes=10)


async def test_a_token_refused_at_once_is_offered_once_more() -> None:
    bench = Bench("t")
    token = await bench.tokens.token()
    bench.clock.move(seconds=5)
    assert await bench.tokens.renew(token) is token
    assert (await bench.tokens.renew(token)).access_token == "t2"


async def test_an_org_that_refuses_what_it_issues_is_left_alone() -> None:
    bench = Bench("t")
    token = await bench.tokens.token()
    turns = 2000
    for _ in range(turns):  # a caller that tries every two seconds, for over an hour
        bench.clock.move(seconds=2)
        with suppress(UnavailableError):
            token = await bench.tokens.renew(token)
    assert bench.login.logins < 20


async def test_says_nothing_secret() -> None:
    token = a_token("00Dxx!SESSION")
    assert "SESSION" not in repr(token)
    assert "SECRET" not in repr(a_config())

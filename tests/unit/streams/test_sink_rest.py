"""A sink that fails is left alone, tried by one, and used again; throttling and refusals are answers."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from schemas.errors import DealwireError, RefusedError, UnavailableError
from streams.metrics import SINK_RESTING, SINK_RESTS, Metrics
from streams.sink_rest import SinkRest
from tests.fixtures.agents import FakeClock, settle_down

DOWN = UnavailableError("down")
UNKNOWN_BUT_LATER = UnavailableError("503", retry_after=timedelta(seconds=2), unknown_outcome=True)
BUSY = UnavailableError("429", retry_after=timedelta(seconds=1))
NO = RefusedError("no")


class Sink:
    """Answers as it is told to; a call may be held."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.metrics = Metrics()
        self.rest = SinkRest("accounts", self.clock, self.metrics)
        self.asked = 0

    async def call(self, answer: DealwireError | None = None, gate: asyncio.Event | None = None) -> str:
        async def attempt() -> str:
            self.asked += 1
            if gate is not None:
                await gate.wait()
            if answer is not None:
                raise answer
            return "done"

        return await self.rest.call(attempt, key="k")

    async def fail(self, answer: DealwireError = DOWN, times: int = 5) -> None:
        for _ in range(times):
            with pytest.raises(type(answer)):
                await self.call(answer)

    async def wait(self) -> timedelta:
        """Be sent away, and give for how long."""
        before = self.asked
        with pytest.raises(UnavailableError) as away:
            await self.call()
        assert self.asked == before
        assert away.value.retry_after is not None
        assert not away.value.unknown_outcome
        return away.value.retry_after

    @property
    def resting(self) -> bool:
        return bool(self.metrics.value(SINK_RESTING, sink="accounts"))


@pytest.mark.parametrize("answer", [DOWN, UNKNOWN_BUT_LATER])
async def test_after_five_failures_in_a_row_it_is_left_alone(answer: DealwireError) -> None:
    sink = Sink()
    await sink.fail(answer, 4)
    assert not sink.resting
    await sink.fail(answer, 1)
    assert sink.resting
    assert timedelta(seconds=5) <= await sink.wait() <= timedelta(seconds=6.25)
    assert sink.metrics.value(SINK_RESTS, sink="accounts") == 1


@pytest.mark.parametrize("answer", [None, BUSY, NO])
async def test_any_answer_is_life(answer: DealwireError | None) -> None:
    sink = Sink()
    for _ in range(3):
        await sink.fail(DOWN, 4)
        if answer is None:
            assert await sink.call() == "done"
        else:
            await sink.fail(answer, 1)
    assert not sink.resting


async def test_the_trial_that_goes_well_opens_it_for_all() -> None:
    sink = Sink()
    await sink.fail()
    sink.clock.at += await sink.wait()
    gate = asyncio.Event()
    trial = asyncio.create_task(sink.call(gate=gate))
    await settle_down()
    others = [asyncio.create_task(sink.call()) for _ in range(3)]
    await settle_down()
    assert sink.asked == 6  # five that failed, and the trial
    gate.set()
    assert await asyncio.gather(trial, *others) == ["done"] * 4
    assert not sink.resting


async def test_the_trial_that_fails_sends_those_who_waited_away_for_longer() -> None:
    sink = Sink()
    await sink.fail()
    sink.clock.at += timedelta(seconds=5)
    gate = asyncio.Event()
    trial = asyncio.create_task(sink.call(DOWN, gate))
    await settle_down()
    other = asyncio.create_task(sink.call())
    await settle_down()
    gate.set()
    results = await asyncio.gather(trial, other, return_exceptions=True)
    assert [type(result) for result in results] == [UnavailableError] * 2
    assert sink.asked == 6
    assert timedelta(seconds=10) <= await sink.wait() <= timedelta(seconds=12.5)


async def test_the_pause_grows_to_five_minutes_and_no_more() -> None:
    sink = Sink()
    await sink.fail()
    for _ in range(12):
        sink.clock.at += timedelta(minutes=6)
        await sink.fail(times=1)
    assert timedelta(minutes=5) <= await sink.wait() <= timedelta(minutes=6.25)


async def test_calls_that_were_under_way_when_it_was_left_alone_say_nothing_new() -> None:
    sink = Sink()
    gate = asyncio.Event()
    calls = [asyncio.create_task(sink.call(DOWN, gate)) for _ in range(32)]
    await settle_down()
    gate.set()
    await asyncio.gather(*calls, return_exceptions=True)
    assert sink.asked == 32
    assert await sink.wait() <= timedelta(seconds=6.25)
    assert sink.metrics.value(SINK_RESTS, sink="accounts") == 1


async def test_who_gives_up_waiting_counts_as_a_failure_and_frees_the_trial() -> None:
    sink = Sink()
    never = asyncio.Event()
    for _ in range(5):
        given_up = asyncio.create_task(sink.call(gate=never))
        await settle_down()
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
    assert sink.resting
    sink.clock.at += timedelta(seconds=5)
    trial = asyncio.create_task(sink.call(gate=never))
    await settle_down()
    trial.cancel()
    await asyncio.gather(trial, return_exceptions=True)
    await sink.wait()
    sink.clock.at += timedelta(minutes=1)
    assert await sink.call() == "done"


async def test_who_was_sent_away_does_not_come_back_all_at_once() -> None:
    sink = Sink()
    await sink.fail()

    async def away(key: str) -> timedelta | None:
        with pytest.raises(UnavailableError) as error:
            await sink.rest.call(sink.call, key=key)
        return error.value.retry_after

    assert len({await away(f"{number}") for number in range(50)}) == 50


async def test_each_change_is_logged() -> None:
    sink = Sink()
    with capture_logs() as logs:
        await sink.fail()
        sink.clock.at += timedelta(seconds=5)
        await sink.call()
        await sink.call()
    assert [(line["event"], line["sink"]) for line in logs] == [
        ("sink is left alone", "accounts"),
        ("sink is tried", "accounts"),
        ("sink answers again", "accounts"),
    ]
    assert logs[0]["seconds"] == 5.0

"""When to ask again: the share holds whatever happens, and the org's own word counts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.salesforce.polling.config import PollConfig
from connectors.salesforce.polling.pace import Pace
from connectors.salesforce.usage import ApiUsage

T0 = datetime(2026, 9, 14, 8, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PLENTY = ApiUsage(100, 115_000)


def pace(**settings: float) -> Pace:
    return Pace(PollConfig.model_validate({"shortest_seconds": 15, "longest_seconds": 60, **settings}), T0)


def test_it_asks_less_often_while_nothing_changes_and_often_again_when_something_does() -> None:
    one = pace()
    waits = []
    for found in (True, False, False, False, False, False, True):
        one.called(1, PLENTY, T0)
        one.polled(found=found)
        waits.append(one.until_next_poll())
    assert waits == [15, 22.5, 33.75, 50.625, 60, 60, 15]


@pytest.mark.parametrize(
    ("used", "wait"),
    [(0, 15), (91_999, 15), (92_000, 60), (109_000, 60), (109_250, 900), (115_000, 900), (200_000, 900)],
)
def test_the_fewer_calls_the_org_has_left_the_longer_it_waits(used: int, wait: float) -> None:
    one = pace()
    one.called(1, ApiUsage(used, 115_000), T0)
    one.polled(found=True)
    assert one.until_next_poll() == wait
    assert one.is_sparing == (wait > 15)


def test_a_poll_of_many_calls_is_paid_for_afterwards() -> None:
    one = pace(share=0.1)
    one.called(1000, ApiUsage(1000, 115_000), T0)
    at_first = 15_000 * 0.1 / 24
    assert one.until_next_poll() == pytest.approx((1 + 1000 - at_first) * 86_400 / 11_500)
    one.called(0, None, T0 + timedelta(days=1))
    assert one.until_affordable() == 0


def test_a_clock_that_jumps_back_gives_no_credit() -> None:
    one = pace()
    one.called(1, PLENTY, T0 - DAY)
    one.called(1, PLENTY, T0 - DAY)
    assert one.until_next_poll() == 15


def test_an_org_that_says_it_has_no_calls_is_not_divided_by() -> None:
    one = pace()
    one.called(1, ApiUsage(5, 0), T0)
    assert one.until_next_poll() > 0


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([15_000, 115_000, 5_000_000]),
    st.sampled_from([0.01, 0.05, 0.5]),
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=30),
)
def test_in_a_day_no_more_than_the_share_and_an_hour_of_it_is_used(
    allowed: int, share: float, polls: list[tuple[int, bool]]
) -> None:
    one = pace(share=share, shortest_seconds=0.05, longest_seconds=3600)
    now, made, turn = T0, 0, 0
    while now < T0 + DAY and turn < 300:
        more, found = polls[turn % len(polls)]
        turn += 1
        for _ in range(1 + more):
            now += timedelta(seconds=one.until_affordable())
            if now >= T0 + DAY:
                break
            # A page is one call, and its histories one more.
            made += 2
            one.called(2, ApiUsage(0, allowed), now)
        one.polled(found=found)
        now += timedelta(seconds=one.until_next_poll())
    assumed_at_first = 15_000 * share / 24
    so_far = (min(now, T0 + DAY) - T0) / DAY
    assert made <= allowed * share * (so_far + 1 / 24) + assumed_at_first + 3

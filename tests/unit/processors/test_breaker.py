"""When a share of failures is too large."""

import pytest

from processors.breaker import Breaker


@pytest.mark.parametrize(
    ("story", "broken"),
    [
        ("", False),
        ("x" * 19, False),
        ("x" * 20, True),
        (".x" * 10, True),
        (".." + "x." * 9, False),
        ("." * 1000 + "x" * 49, False),
        ("." * 1000 + "x" * 50, True),
        ("x" * 100 + "." * 51, False),
        ("x" * 1000 + "." * 50, True),
    ],
)
def test_breaks_at_half_of_the_last_hundred_and_not_before_twenty(story: str, broken: bool) -> None:
    breaker = Breaker()
    for each in story:
        if each == "x":
            breaker.failed()
        else:
            breaker.handled()
    assert breaker.broken is broken


def test_a_share_of_nothing_never_breaks() -> None:
    breaker = Breaker(share=0)
    breaker.failed(1000)
    assert (breaker.failing, breaker.broken) == (1.0, False)


def test_a_window_smaller_than_the_least_still_breaks() -> None:
    breaker = Breaker(window=5, least=20)
    breaker.failed(4)
    assert not breaker.broken
    breaker.failed()
    assert breaker.broken

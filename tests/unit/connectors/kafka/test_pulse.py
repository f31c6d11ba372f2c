"""A process that stood still may send nothing more."""

import pytest

from connectors.kafka.pulse import FrozenError, Pulse


class Hands:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_an_awake_process_may_send(hands: Hands) -> None:
    pulse = Pulse(3.0, hands)
    for _ in range(10):
        hands.at += 2.9
        pulse.check()


def test_a_frozen_one_may_not_and_never_again(hands: Hands) -> None:
    pulse = Pulse(3.0, hands)
    hands.at += 3.1
    with pytest.raises(FrozenError, match=r"3\.1 seconds"):
        pulse.check()
    hands.at += 0.1
    with pytest.raises(FrozenError):
        pulse.check()


def test_a_late_beat_is_remembered(hands: Hands) -> None:
    pulse = Pulse(3.0, hands)
    hands.at += 5
    pulse.beat()
    with pytest.raises(FrozenError):
        pulse.check()


def test_what_was_before_the_beginning_does_not_count(hands: Hands) -> None:
    pulse = Pulse(3.0, hands)
    hands.at += 60
    pulse.begin()
    pulse.check()

"""When to try again."""

from datetime import UTC, datetime, timedelta

from processors.retries import ATTEMPTS, retry_at

AT = datetime(2026, 9, 15, 8, 30, tzinfo=UTC)


def test_pauses_double_up_to_a_quarter_of_an_hour_give_or_take_a_fifth() -> None:
    for attempt in range(1, ATTEMPTS):
        due = retry_at("c", attempt, AT)
        assert due is not None
        plain = min(900, 2 * 2 ** (attempt - 1))
        assert timedelta(seconds=plain * 0.8) <= due - AT <= timedelta(seconds=plain * 1.2)


def test_chance_comes_from_the_ids_alone() -> None:
    assert retry_at("c", 3, AT) == retry_at("c", 3, AT)
    assert len({retry_at(f"c{number}", 3, AT) for number in range(50)}) > 40


def test_it_is_never_sooner_than_was_asked() -> None:
    later = AT + timedelta(hours=1)
    assert retry_at("c", 1, AT, later) == later
    assert retry_at("c", 1, AT, AT) != AT


def test_after_enough_attempts_it_is_over() -> None:
    assert retry_at("c", ATTEMPTS, AT) is None
    assert retry_at("c", ATTEMPTS - 1, AT) is not None

"""A link that is followed too often waits; others do not, and memory has an end."""

from datetime import UTC, datetime, timedelta

import pytest

from streams.api.visits import TooOftenError, Visits

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)


def test_a_link_may_be_followed_so_often_a_minute() -> None:
    visits = Visits(2)
    visits.count("a", AT)
    visits.count("a", AT + timedelta(seconds=30))
    for _ in range(2):
        with pytest.raises(TooOftenError):
            visits.count("a", AT + timedelta(seconds=59))
    visits.count("b", AT + timedelta(seconds=59))
    visits.count("a", AT + timedelta(seconds=60))


def test_only_the_latest_links_are_remembered() -> None:
    visits = Visits(1, links=2)
    for link in ("a", "b", "c", "a"):
        visits.count(link, AT)
    with pytest.raises(TooOftenError):
        visits.count("a", AT)

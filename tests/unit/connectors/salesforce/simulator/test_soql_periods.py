"""Relative dates, seen from Wednesday 16 September 2026."""

from datetime import date, timedelta

import pytest

from connectors.salesforce.simulator.soql.literals import read_period
from connectors.salesforce.simulator.soql.periods import days_of

TODAY = date(2026, 9, 16)


@pytest.mark.parametrize(
    ("written", "first", "after"),
    [
        ("TODAY", date(2026, 9, 16), date(2026, 9, 17)),
        ("yesterday", date(2026, 9, 15), date(2026, 9, 16)),
        ("TOMORROW", date(2026, 9, 17), date(2026, 9, 18)),
        ("THIS_WEEK", date(2026, 9, 13), date(2026, 9, 20)),
        ("LAST_WEEK", date(2026, 9, 6), date(2026, 9, 13)),
        ("NEXT_WEEK", date(2026, 9, 20), date(2026, 9, 27)),
        ("THIS_MONTH", date(2026, 9, 1), date(2026, 10, 1)),
        ("LAST_MONTH", date(2026, 8, 1), date(2026, 9, 1)),
        ("NEXT_MONTH", date(2026, 10, 1), date(2026, 11, 1)),
        ("THIS_QUARTER", date(2026, 7, 1), date(2026, 10, 1)),
        ("LAST_QUARTER", date(2026, 4, 1), date(2026, 7, 1)),
        ("NEXT_QUARTER", date(2026, 10, 1), date(2027, 1, 1)),
        ("THIS_YEAR", date(2026, 1, 1), date(2027, 1, 1)),
        ("LAST_YEAR", date(2025, 1, 1), date(2026, 1, 1)),
        ("NEXT_YEAR", date(2027, 1, 1), date(2028, 1, 1)),
        ("LAST_90_DAYS", date(2026, 6, 18), date(2026, 9, 17)),
        ("NEXT_90_DAYS", date(2026, 9, 17), date(2026, 12, 16)),
        ("LAST_N_DAYS:7", date(2026, 9, 9), date(2026, 9, 17)),
        ("LAST_N_DAYS : 0", date(2026, 9, 16), date(2026, 9, 17)),
        ("NEXT_N_DAYS:2", date(2026, 9, 17), date(2026, 9, 19)),
        ("N_DAYS_AGO:3", date(2026, 9, 13), date(2026, 9, 14)),
        ("LAST_N_WEEKS:2", date(2026, 8, 30), date(2026, 9, 13)),
        ("NEXT_N_MONTHS:4", date(2026, 10, 1), date(2027, 2, 1)),
        ("LAST_N_QUARTERS:3", date(2025, 10, 1), date(2026, 7, 1)),
        ("N_YEARS_AGO:2", date(2024, 1, 1), date(2025, 1, 1)),
        ("LAST_N_YEARS:99999", date.min, date(2026, 1, 1)),
        ("NEXT_N_YEARS:99999", date(2027, 1, 1), date.max),
        ("LAST_N_WEEKS:99999", date(2026, 9, 13) - timedelta(weeks=99_999), date(2026, 9, 13)),
        ("NEXT_N_WEEKS:99999", date(2026, 9, 20), date(2026, 9, 13) + timedelta(weeks=100_000)),
    ],
)
def test_a_period_covers(written: str, first: date, after: date) -> None:
    assert days_of(read_period(written), TODAY) == (first, after)


def test_a_week_begins_on_its_sunday() -> None:
    assert days_of(read_period("THIS_WEEK"), date(2026, 9, 13))[0] == date(2026, 9, 13)
    assert days_of(read_period("THIS_WEEK"), date(2026, 9, 12))[0] == date(2026, 9, 6)

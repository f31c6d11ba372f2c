"""When something is due, by the clock and by a calendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from processors.business_time import due
from schemas.definition.calendar import WEEKDAYS, BusinessTime, Calendar, ranges
from schemas.definition.durations import Duration, seconds
from schemas.errors import StepError

_DAILY = "09:00-17:00"
OSLO = Calendar(
    kind="calendar",
    name="oslo",
    time_zone="Europe/Oslo",
    hours={day: "09:00-12:00, 13:00-17:00" if day == "fri" else _DAILY for day in WEEKDAYS[:5]},
    holidays=(date(2026, 12, 24), date(2026, 12, 25)),
)
NIGHT = Calendar(
    kind="calendar", name="night", time_zone="Europe/Oslo", hours=dict.fromkeys(WEEKDAYS, "00:00-06:00")
)
CALENDARS = {"oslo": OSLO, "night": NIGHT}


def local(text: str) -> datetime:
    """Read a moment by the clocks of Oslo: +02:00 in summer, +01:00 in winter."""
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "after", "expected"),
    [
        ("2026-09-14T10:00+02:00", "2h", "2026-09-14T12:00+02:00"),
        ("2026-09-14T16:30+02:00", "1h", "2026-09-15T09:30+02:00"),
        ("2026-09-14T07:00+02:00", "30m", "2026-09-14T09:30+02:00"),
        ("2026-09-14T17:00+02:00", "1s", "2026-09-15T09:00:01+02:00"),
        ("2026-09-18T11:30+02:00", "1h", "2026-09-18T13:30+02:00"),
        ("2026-09-18T18:00+02:00", "8h", "2026-09-21T17:00+02:00"),
        ("2026-09-18T16:00+02:00", "1d", "2026-09-21T16:00+02:00"),
        ("2026-09-19T12:00+02:00", "1d", "2026-09-22T09:00+02:00"),
        ("2026-09-14T10:00+02:00", "1w", "2026-09-21T10:00+02:00"),
        ("2026-09-14T10:00+02:00", "1d2h", "2026-09-15T12:00+02:00"),
        ("2026-09-17T12:30+02:00", "1d", "2026-09-18T13:00+02:00"),
        ("2026-12-23T10:00+01:00", "1d", "2026-12-28T10:00+01:00"),
        ("2026-10-23T10:00+02:00", "1d", "2026-10-26T10:00+01:00"),
        ("2026-03-27T16:00+01:00", "2h", "2026-03-30T10:00+02:00"),
    ],
    ids=[
        "within the day",
        "over the night",
        "before opening",
        "at closing",
        "over the break",
        "over the week-end",
        "a day from Friday",
        "a day from Saturday",
        "a week is five days",
        "days, then hours",
        "into a break",
        "over holidays",
        "summer time ends",
        "summer time begins",
    ],
)
def test_by_a_calendar(start: str, after: str, expected: str) -> None:
    assert due(local(start), BusinessTime(after=after, calendar="oslo"), CALENDARS) == local(expected)


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-03-29T00:00+01:00", "5h", "2026-03-29T06:00+02:00"),
        ("2026-10-25T00:00+02:00", "7h", "2026-10-25T06:00+01:00"),
    ],
    ids=["a night of five hours", "a night of seven hours"],
)
def test_nights_in_which_the_clocks_change(start: str, hours: str, expected: str) -> None:
    assert due(local(start), BusinessTime(after=hours, calendar="night"), CALENDARS) == local(expected)


def test_by_the_clock_nothing_is_left_out() -> None:
    start = local("2026-09-18T18:00+02:00")
    assert due(start, "1d12h", {}) == start + timedelta(hours=36)


def test_a_calendar_without_time_ahead_says_so() -> None:
    start = date(2026, 1, 1)
    closed = OSLO.model_copy(update={"holidays": tuple(start + timedelta(days=day) for day in range(1500))})
    with pytest.raises(StepError, match="oslo has not enough working time"):
        due(local("2026-09-14T10:00+02:00"), BusinessTime(after="1h", calendar="oslo"), {"oslo": closed})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", 90), ("15m", 900), ("2h", 7200), ("3d", 259_200), ("1w", 604_800), ("1d12h", 129_600)],
)
def test_durations(text: str, expected: int) -> None:
    assert seconds(TypeAdapter(Duration).validate_python(text)) == timedelta(seconds=expected)


@pytest.mark.parametrize("text", ["", "0s", "-1d", "1", "d", "1 d", "401d", "99999999w", "1.5h", "1d 2h"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Duration).validate_python(text)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"time_zone": "Europe/Olso"}, "did you mean Europe/Oslo"),
        ({"time_zone": "../etc/passwd"}, "there is no time zone"),
        ({"hours": {"mon": "9-17"}}, "write 09:00-17:00"),
        ({"hours": {"mon": "17:00-09:00"}}, "ends before it begins"),
        ({"hours": {"mon": "09:00-12:00, 11:00-17:00"}}, "before the range in front"),
        ({"hours": {}}, "at least 1"),
        ({"hours": {"mo": _DAILY}}, "mon"),
        ({"holidays": (date(2026, 1, 1), date(2026, 1, 1))}, "stands twice"),
    ],
)
def test_what_is_no_calendar(fields: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Calendar.model_validate({**OSLO.model_dump(), **fields})


_MINUTES = st.integers(0, 2 * 365 * 24 * 60)


@given(_MINUTES, st.integers(0, 9), st.integers(0, 30), st.integers(1, 59))
def test_what_is_due_lies_in_working_time_and_later_is_never_sooner(
    begins: int, days: int, hours: int, minutes: int
) -> None:
    def after(moment: datetime, more: int = 0) -> datetime:
        return due(
            moment, BusinessTime(after=f"{days}d{hours}h{minutes + more}m", calendar="oslo"), CALENDARS
        )

    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=begins)
    moment = after(start)
    there = moment.astimezone(ZoneInfo("Europe/Oslo"))
    spans = ranges(OSLO.hours[WEEKDAYS[there.weekday()]])
    assert any(opens <= there.time() <= closes for opens, closes in spans)
    assert there.date() not in OSLO.holidays
    assert start < moment <= after(start, more=1)
    assert moment <= after(start + timedelta(hours=1))

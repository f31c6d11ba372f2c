"""When something is due: so long after a moment, by the clock or by the working time of a calendar.

By a calendar, `d` is a working day: the same time of day on the next day with working hours; `w` is five of
them. `h`, `m` and `s` count working time alone. Days are counted before hours. A moment outside working time
first moves to the next opening; a day whose hours are over by that time of day is due at its closing.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.definition.calendar import WEEKDAYS, BusinessTime, Calendar, Deadline, ranges
from schemas.definition.durations import parts, seconds
from schemas.errors import StepError

_FARTHEST_DAYS = 1200
_DAYS_OF = {"d": 1, "w": 5}
_UNITS = {"h": "hours", "m": "minutes", "s": "seconds"}


def due(start: datetime, deadline: Deadline, calendars: Mapping[str, Calendar]) -> datetime:
    """Give the moment that lies a deadline's time after `start`, in UTC."""
    if not isinstance(deadline, BusinessTime):
        return start + seconds(deadline)
    calendar = calendars[deadline.calendar]
    days = sum(_DAYS_OF.get(unit, 0) * number for number, unit in parts(deadline.after))
    rest = sum(
        (timedelta(**{_UNITS[unit]: number}) for number, unit in parts(deadline.after) if unit in _UNITS),
        timedelta(),
    )
    moment = _opening(start, calendar)
    if days:
        moment = _days_later(moment, days, calendar)
    return _time_later(moment, rest, calendar) if rest else moment


def _opening(start: datetime, calendar: Calendar) -> datetime:
    """Give the moment itself if it lies in working time, else the next opening."""
    for opens, closes in _spans(start, calendar):
        if closes > start:
            return max(opens, start)
    raise _never(calendar)


def _days_later(moment: datetime, days: int, calendar: Calendar) -> datetime:
    zone = ZoneInfo(calendar.time_zone)
    wanted = moment.astimezone(zone).time()
    day = moment.astimezone(zone).date()
    left = days
    for _ in range(_FARTHEST_DAYS):
        day += timedelta(days=1)
        spans = _of_day(datetime.combine(day, time(), zone), calendar)
        left -= bool(spans)
        if not left:
            local = datetime.combine(day, wanted, zone).astimezone(UTC)
            # Before the first opening, in a break, or after the closing: the nearest working moment.
            later = next((max(opens, local) for opens, closes in spans if closes >= local), None)
            return later if later is not None else spans[-1][1]
    raise _never(calendar)


def _time_later(moment: datetime, time_left: timedelta, calendar: Calendar) -> datetime:
    for opens, closes in _spans(moment, calendar):
        begins = max(opens, moment)
        if closes <= begins:
            continue
        if closes - begins >= time_left:
            return begins + time_left
        time_left -= closes - begins
    raise _never(calendar)


def _spans(start: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """Give the working time from the day of `start` on, in UTC."""
    zone = ZoneInfo(calendar.time_zone)
    first = datetime.combine(start.astimezone(zone).date(), time(), zone)
    for number in range(_FARTHEST_DAYS):
        yield from _of_day(first + timedelta(days=number), calendar)


def _of_day(midnight: datetime, calendar: Calendar) -> list[tuple[datetime, datetime]]:
    """Give one day's working time in UTC; an hour that summer time skips or repeats changes its length."""
    day, zone = midnight.date(), midnight.tzinfo
    hours = calendar.hours.get(WEEKDAYS[day.weekday()])
    if hours is None or day in calendar.holidays:
        return []
    spans = [
        (datetime.combine(day, opens, zone).astimezone(UTC),
         datetime.combine(day, closes, zone).replace(fold=1).astimezone(UTC))
        for opens, closes in ranges(hours)
    ]  # fmt: skip
    return [(opens, closes) for opens, closes in spans if closes > opens]


def _never(calendar: Calendar) -> StepError:
    return StepError(
        f"the calendar {calendar.name} has not enough working time ahead", todo="Look at its holidays."
    )

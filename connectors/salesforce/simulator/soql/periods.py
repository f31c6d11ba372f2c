"""Relative dates: which days TODAY, LAST_WEEK or NEXT_N_MONTHS:3 mean, seen from a day.

Weeks begin on Sunday (the org's locale is en_US), years are calendar years, days are UTC days (its time
zone is GMT). Source of the meanings: SOQL and SOSL Reference, "Date Formats and Date Literals".
"""

from datetime import date, timedelta

from connectors.salesforce.simulator.soql.tree import Period

__all__ = ["days_of"]

_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_PER_YEAR = 12
_DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_WAYS = {"LAST": -1, "THIS": 0, "NEXT": 1}


def days_of(period: Period, today: date) -> tuple[date, date]:
    """Give the first day of a period and the day after its last; what no calendar holds is cut off."""
    unit, start, end = _units(period)
    origin = _start(unit, today)
    return _shift(unit, origin, start), _shift(unit, origin, end)


def _units(period: Period) -> tuple[str, int, int]:
    """Give the unit, and from which to which (exclusive) of it a period goes, 0 being the current one."""
    name, n = period.name, period.n
    if name in _DAYS:
        return "DAY", _DAYS[name], _DAYS[name] + 1
    way, _, rest = name.partition("_")
    if way == "N":
        return rest.removesuffix("S_AGO"), -n, 1 - n
    if not rest.startswith("N_"):
        return rest, _WAYS[way], _WAYS[way] + 1
    unit = rest.removeprefix("N_").removesuffix("S")
    if way == "NEXT":
        return unit, 1, n + 1
    # Of these only LAST_N_DAYS includes the current one.
    return unit, -n, 1 if unit == "DAY" else 0


def _start(unit: str, day: date) -> date:
    if unit == "DAY":
        return day
    if unit == "WEEK":
        return day - timedelta(days=(day.weekday() + 1) % 7)
    length = _MONTHS[unit]
    return date(day.year, (day.month - 1) // length * length + 1, 1)


def _shift(unit: str, day: date, by: int) -> date:
    if unit in {"DAY", "WEEK"}:
        try:
            return day + timedelta(days=by * (7 if unit == "WEEK" else 1))
        except OverflowError:
            return date.max if by > 0 else date.min
    months = day.year * _PER_YEAR + day.month - 1 + by * _MONTHS[unit]
    year = months // _PER_YEAR
    if not date.min.year <= year <= date.max.year:
        return date.max if by > 0 else date.min
    return date(year, months % _PER_YEAR + 1, 1)

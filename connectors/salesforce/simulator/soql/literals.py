"""Literals as SOQL writes them: strings and their escapes, numbers, dates, moments, relative dates."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from connectors.salesforce.simulator.soql.tree import Period

__all__ = [
    "BadLiteralError",
    "like_pattern",
    "read_date",
    "read_moment",
    "read_number",
    "read_period",
    "unescape",
]

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PLAIN = {"n": "\n", "N": "\n", "r": "\r", "R": "\r", "t": "\t", "T": "\t", "b": "\b", "B": "\b"}
_PLAIN |= {"f": "\f", "F": "\f", '"': '"', "'": "'", "\\": "\\"}
_WILDCARDS = {"%": "%", "_": "_"}


class BadLiteralError(ValueError):
    """A literal that looks right and is not: an unknown escape, a 31st of February."""


def unescape(raw: str) -> str:
    r"""Give the text of a string literal; `\%` and `\_` mean themselves. Raises `BadLiteralError`."""
    if "\\" not in raw:
        return raw

    def one(match: re.Match[str]) -> str:
        mark = match[1]
        if len(mark) > 1:
            return chr(int(mark[1:], 16))
        found = _PLAIN.get(mark) or _WILDCARDS.get(mark)
        if found is None:
            raise BadLiteralError(
                f"Invalid string literal '{raw[:100]}'. "
                f"Illegal character sequence '\\{mark}' in string literal."
            )
        return found

    return _ESCAPE.sub(one, raw)


def like_pattern(raw: str) -> Callable[[str], object]:
    r"""Make a matcher of a LIKE pattern: `%` any run, `_` any one, `\%` and `\_` themselves, case ignored."""
    runs = [""]
    at = 0
    while at < len(raw):
        match = _ESCAPE.match(raw, at)
        if match:
            runs[-1] += re.escape(unescape(match[0]))
            at = match.end()
            continue
        mark = raw[at]
        if mark == "%":
            runs.append("")
        else:
            runs[-1] += "." if mark == "_" else re.escape(mark)
        at += 1
    return _matcher(runs)


def _matcher(runs: list[str]) -> Callable[[str], object]:
    # What stands between two % is found leftmost and kept (an atomic group): no pattern takes for ever.
    first, *rest = runs
    if not rest:
        return re.compile(first, re.IGNORECASE | re.DOTALL).fullmatch
    *middle, last = rest
    body = "".join(f"(?>.*?{run})" for run in middle if run)
    return re.compile(f"{first}{body}.*{last}", re.IGNORECASE | re.DOTALL).fullmatch


def read_number(written: str) -> Decimal:
    """Read a number. Raises `BadLiteralError` for one beyond all measure."""
    try:
        return Decimal(written)
    except InvalidOperation as error:
        raise BadLiteralError(f"invalid number: {written[:100]}") from error


def read_date(written: str) -> date:
    """Read `2026-09-14`. Raises `BadLiteralError` for a day that does not exist."""
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise BadLiteralError(f"invalid date: {written}") from error


def read_moment(written: str) -> datetime:
    """Read `2026-09-14T08:30:12Z`, also with fraction or offset, as UTC. Raises `BadLiteralError`."""
    try:
        return datetime.fromisoformat(written.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadLiteralError(f"invalid date/time: {written}") from error


def read_period(written: str) -> Period:
    """Read TODAY, LAST_N_DAYS:30 and the like. Raises `BadLiteralError` for an n out of reach."""
    name, _, n = written.upper().partition(":")
    name = name.strip()
    if name in {"LAST_90_DAYS", "NEXT_90_DAYS"}:
        return Period(name.replace("90", "N"), 90)
    count = int(n.strip().lstrip("0")[:12] or "0") if n else 0
    # Further back or ahead than a calendar reaches.
    if count > 99_999:  # noqa: PLR2004  stands in the message
        raise BadLiteralError(f"date literal out of range: {name}:{count} (at most 99999)")
    return Period(name, count)

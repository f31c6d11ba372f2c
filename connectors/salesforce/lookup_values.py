"""Takes single values out of a record by their path: exact, and of the kind that is asked for. Pure."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

__all__ = ["at", "custom_value", "decimal", "flag", "moment", "rows", "text"]

_FINEST = -4
_MOST_DIGITS = 24
_MOST_WRITTEN_OUT = 300


def at(record: Mapping[str, Any], path: str) -> Any:
    """Follow a path such as `Account.Owner.Email`; None where a parent is missing."""
    here: Any = record
    for name in path.split("."):
        if not isinstance(here, Mapping):
            return None
        here = here.get(name)
    return here


def text(record: Mapping[str, Any], path: str) -> str | None:
    """Give a text, None for an empty one. Raises `TypeError` or `ValueError`: none, or not UTF-8."""
    found = at(record, path)
    if found is not None and not isinstance(found, str):
        raise TypeError(f"{path} is not a text")
    return _carried(found) if found else None


def flag(record: Mapping[str, Any], path: str, *, default: bool = False) -> bool:
    """Give a checkbox's value. Raises `TypeError` for anything else."""
    found = at(record, path)
    if found is not None and not isinstance(found, bool):
        raise TypeError(f"{path} is not a checkbox")
    return default if found is None else found


def decimal(record: Mapping[str, Any], path: str) -> Decimal | None:
    """Give a number exactly. Raises `TypeError` or `ValueError`: no number, or beyond 20 + 4 digits."""
    found = at(record, path)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | Decimal):
        raise TypeError(f"{path} is not a number")
    number = Decimal(found)
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError(f"{path} is beyond any amount")
    plain = Decimal(format(number, "f"))
    exponent = plain.as_tuple().exponent
    if isinstance(exponent, int) and exponent < _FINEST:
        shorter = plain.quantize(Decimal(1).scaleb(_FINEST))
        if shorter != plain:
            raise ValueError(f"{path} has more than four decimals")
        plain = shorter
    return plain


def moment(record: Mapping[str, Any], path: str) -> datetime | None:
    """Give a time, such as `2026-09-14T08:30:12.000+0000`. Raises `ValueError`."""
    found = text(record, path)
    return None if found is None else datetime.strptime(found, "%Y-%m-%dT%H:%M:%S.%f%z")


def rows(record: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Give the rows of a child relationship; an empty one is null."""
    child = record.get(name)
    return list(child["records"]) if isinstance(child, Mapping) else []


def custom_value(found: Any) -> str | None:
    """Give any value as the one text that stands for it: 36.0 and 36 are the same. Raises `ValueError`."""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, Decimal):
        # A number such as 1E+999999999 would be written out over a gigabyte.
        written = format(found, "f") if abs(found.adjusted()) < _MOST_WRITTEN_OUT else str(found)
        return written.rstrip("0").rstrip(".") if "." in written and "E" not in written else written
    return None if found is None else _carried(str(found))


def _carried(found: str) -> str:
    """Raise `ValueError` for half a character, which JSON can hold and UTF-8 cannot."""
    found.encode()
    return found

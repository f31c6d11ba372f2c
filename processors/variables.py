"""A run's variables: what may be one, how large, and as what it is published."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from schemas.deal import CustomValue
from schemas.errors import StepError
from schemas.run import Run

LARGEST = 64 * 1024
"""Bytes of JSON that all variables of a run may take together."""


def with_variables(run: Run, values: Mapping[str, Any]) -> Run:
    """Give the run with these variables set. Raises `StepError` if they are too large for it."""
    variables = {**run.variables, **{name: plain(value) for name, value in values.items()}}
    size = len(json.dumps(variables))
    if size > LARGEST:
        raise StepError(
            f"the variables take {size} bytes, more than {LARGEST}",
            on=f"variable {max(values, key=lambda name: len(json.dumps(variables[name])))}",
            todo="Keep what is long on the account or in a published record.",
        )
    return run.model_copy(update={"variables": variables})


def plain(value: Any) -> Any:
    """Give a value as JSON holds it: amounts as numbers, dates and moments as text."""
    match value:
        case Mapping():
            return {str(name): plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime() | date():
            return value.isoformat()
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


def publishable(value: Any) -> CustomValue:
    """Give a value with its type, as `Published` carries it."""
    found = plain(value)
    match found:
        case None:
            return CustomValue()
        case bool():
            return CustomValue(type="boolean", value="true" if found else "false")
        case int() | float():
            return CustomValue(type="double", value=format(Decimal(repr(found)).normalize(), "f"))
        case str() if isinstance(value, datetime):
            return CustomValue(type="datetime", value=found)
        case str() if isinstance(value, date):
            return CustomValue(type="date", value=found)
        case str():
            return CustomValue(value=found)
        case _:
            return CustomValue(type="json", value=json.dumps(found))

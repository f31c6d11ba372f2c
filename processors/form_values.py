"""What people type into a form: checked field by field, kept as canonical text, read back as values."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from processors.mapping import TARGETS
from schemas.account import Account
from schemas.deal import CustomValue
from schemas.definition.documents import Workflow
from schemas.definition.people import Form
from schemas.errors import StepError
from schemas.task import TaskField

_LONGEST = {"long_text": 20_000}
_LONG_ENOUGH = 500
_ADDRESS = re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,253}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def checked(
    fields: Iterable[TaskField], given: Mapping[str, str], *, whole: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """Give the canonical values and the errors by field name; a draft need not be `whole`."""
    known = {field.name: field for field in fields}
    values: dict[str, str] = {}
    errors = {name: "there is no such field" for name in given if name not in known}
    for field in known.values():
        text = given.get(field.name, "").strip()
        if not text:
            if field.required and whole:
                errors[field.name] = "it is required"
            continue
        try:
            values[field.name] = _canonical(field, text)
        except ValueError as error:
            errors[field.name] = str(error)
    return values, errors


def typed(field: TaskField, text: str) -> Any:
    """Give a canonical value as expressions speak of it: numbers as numbers, all else as text."""
    if field.type in ("number", "money"):
        number = Decimal(text)
        return int(number) if number == number.to_integral_value() else float(number)
    return text


def with_answers(account: Account, workflow: Workflow, variables: Mapping[str, Any]) -> Account:
    """Give the account with the answers that forms map onto it.

    Raises `StepError` naming the field of a form whose answer does not fit the account.
    """
    filled: dict[str, Any] = {}
    asked_by: dict[str, str] = {}
    custom = dict(account.custom)
    for step in workflow.steps:
        for field in step.fields if isinstance(step, Form) else ():
            answer = variables.get(field.name)
            if field.maps_to is None or answer is None:
                continue
            if field.maps_to in TARGETS:
                filled[field.maps_to] = answer
                asked_by[field.maps_to] = field.name
            else:
                name = field.maps_to.removeprefix("custom.")
                custom[name] = CustomValue(type=_CUSTOM_TYPES.get(field.type, "string"), value=str(answer))
    plain = account.model_dump() | {"custom": custom} | filled
    try:
        return Account.model_validate(plain)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        target = str(first["loc"][0])
        raise StepError(
            f"the answer does not fit the account's {target}: {first['msg']}",
            on=f"field {asked_by.get(target, target)}",
            todo="Give the field the type of what it maps to, or map it to a custom field.",
        ) from None


_CUSTOM_TYPES = {"number": "double", "money": "double", "date": "date"}


def _canonical(field: TaskField, text: str) -> str:
    longest = _LONGEST.get(field.type, _LONG_ENOUGH)
    if len(text) > longest:
        raise ValueError(f"it has {len(text)} characters; {longest} are allowed")
    if _CONTROL.search(text):
        raise ValueError("it holds control characters")
    if field.type != "long_text" and "\n" in text:
        raise ValueError("it holds more than one line")
    read = _READERS.get(field.type)
    return text if read is None else read(field, text)


def _number(_field: TaskField, text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r:.40} is not a number; write it as 1234.5") from None
    if not number.is_finite() or abs(number) >= Decimal(10) ** 20 or number != round(number, 4):
        raise ValueError(f"{text!r:.40} is too large, or finer than four decimals")
    return format(number.normalize(), "f")


def _date(_field: TaskField, text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text!r:.40} is not a date; write it as 2026-09-30") from None


def _choice(field: TaskField, text: str) -> str:
    if text not in field.choices:
        raise ValueError(f"{text!r:.40} is not one of: {', '.join(field.choices)}")
    return text


def _email(_field: TaskField, text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r:.60} is not a mail address")
    return text


_READERS: Mapping[str, Callable[[TaskField, str], str]] = {
    "number": _number,
    "money": _number,
    "date": _date,
    "choice": _choice,
    "email": _email,
}

"""What a written value must be, and what it is refused with. Takes the values of JSON, or native ones."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from connectors.salesforce.simulator.errors import DmlError
from connectors.salesforce.simulator.objects import FieldType, Value
from schemas.errors import UnreadableError
from schemas.ids import id18

__all__ = ["checked"]

_EMAIL = re.compile(r"[^@\s<>(),;:\"]+@[^@\s.<>(),;:\"]+(\.[^@\s.<>(),;:\"]+)+")
_OFFSET = re.compile(r"([+-]\d{2})(\d{2})$")
_MOST_INT = 2**31
_TRUE, _FALSE = ("true", "1"), ("false", "0")


def _not_a(kind: str, value: object, field: FieldType) -> DmlError:
    origin = {str: "VALUE_STRING", bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT"}.get(
        type(value), "VALUE_NUMBER_FLOAT"
    )
    text = (
        f"Cannot deserialize instance of {kind} from {origin} value {value} "
        "or request may be missing a required field"
    )
    return DmlError("JSON_PARSER_ERROR", text, (field.name,))


def _number(field: FieldType, value: object) -> Value:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise _not_a("double", value, field)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _not_a("double", value, field) from None
    if not number.is_finite():
        raise _not_a("double", value, field)
    # Before rounding, which numbers beyond all measure do not survive.
    most = _MOST_INT if field.type == "int" else Decimal(10) ** (field.precision - field.scale)
    if abs(number) >= most:
        raise DmlError(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{field.label}: value outside of valid range on numeric field: {value}",
            (field.name,),
        )
    return int(round(number, 0)) if field.type == "int" else round(number, field.scale)


def _boolean(field: FieldType, value: object) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE + _FALSE:
        return value.lower() in _TRUE
    raise _not_a("boolean", value, field)


def _date(field: FieldType, value: object) -> Value:
    if isinstance(value, datetime):
        return value.astimezone(UTC).date()
    if isinstance(value, date):
        return value
    try:
        return (
            date.fromisoformat(str(value)[:10]) if isinstance(value, str) else _refuse("date", value, field)
        )
    except ValueError:
        raise _not_a("date", value, field) from None


def _refuse(kind: str, value: object, field: FieldType) -> Value:
    raise _not_a(kind, value, field)


def _datetime(field: FieldType, value: object) -> Value:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(_OFFSET.sub(r"\1:\2", value))
        except ValueError:
            raise _not_a("datetime", value, field) from None
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, datetime):
        raise _not_a("datetime", value, field)
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    return moment.astimezone(UTC).replace(microsecond=0)


def _reference(field: FieldType, value: object) -> Value:
    try:
        return id18(value) if isinstance(value, str) else _refuse("reference", value, field)
    except UnreadableError:
        message = f"{field.label}: id value of incorrect type: {value}"
        raise DmlError("MALFORMED_ID", message, (field.name,)) from None


def _blob(field: FieldType, value: object) -> Value:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(str(value), validate=True)
    except binascii.Error:
        raise _not_a("base64Binary", "<bytes>", field) from None


def _text(field: FieldType, value: object) -> Value:
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str | int | float | Decimal | date):
        text = str(value)
    else:
        raise _not_a("string", value, field)
    # Salesforce trims the ends of texts, and holds an empty one to be null.
    text = text.strip() if field.type != "textarea" else text.rstrip()
    if not text:
        return None
    if field.length and len(text) > field.length:
        shown = text[:255]
        message = f"{field.label}: data value too large: {shown} (max length={field.length})"
        raise DmlError("STRING_TOO_LONG", message, (field.name,))
    if field.type == "email" and not _EMAIL.fullmatch(text):
        raise DmlError(
            "INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", (field.name,)
        )
    if field.restricted and text not in {item.value for item in field.picklist if item.active}:
        raise DmlError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.label}: bad value for restricted picklist field: {text}",
            (field.name,),
        )
    return text


_BY_TYPE: Mapping[str, Callable[[FieldType, object], Value]] = {
    "boolean": _boolean,
    "currency": _number,
    "percent": _number,
    "double": _number,
    "int": _number,
    "date": _date,
    "datetime": _datetime,
    "reference": _reference,
    "base64": _blob,
}


def checked(field: FieldType, value: object) -> Value:
    """Give the native value that is stored for what was sent. Raises `DmlError`."""
    if value is None:
        if field.type == "boolean":
            raise DmlError(
                "INVALID_TYPE_ON_FIELD_IN_RECORD",
                f"{field.label}: value not of required type: null",
                (field.name,),
            )
        return None
    return _BY_TYPE.get(field.type, _text)(field, value)

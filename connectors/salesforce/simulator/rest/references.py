"""`@{ref.path}` inside a composite request: values out of the answers to earlier subrequests."""

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["NoValueError", "resolve"]

_REFERENCE = re.compile(r"@\{([^{}]{1,1000})\}")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]")


class NoValueError(ValueError):
    """A reference leads to no value. Its text is what the client reads."""


def resolve(template: Any, answers: Mapping[str, Any]) -> Any:
    """Replace references in a JSON value. One that is a whole string keeps the type of what it finds.

    Raises `NoValueError` when a reference names no answer or no value in it.
    """
    if isinstance(template, str):
        whole = _REFERENCE.fullmatch(template)
        if whole:
            return _find(whole[1], answers)
        return _REFERENCE.sub(lambda match: _text(_find(match[1], answers)), template)
    if isinstance(template, list):
        return [resolve(item, answers) for item in template]
    if isinstance(template, dict):
        return {key: resolve(value, answers) for key, value in template.items()}
    return template


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _find(reference: str, answers: Mapping[str, Any]) -> Any:
    name, _, path = reference.partition(".")
    name, bracket, rest = name.partition("[")
    path = f"{bracket}{rest}.{path}" if bracket else path
    value = answers.get(name)
    for key, index in _STEP.findall(path):
        if isinstance(value, dict):
            value = value.get(key) if key else None
        elif isinstance(value, list):
            value = value[int(index)] if index and int(index) < len(value) else None
        else:
            value = None
    if value is None or isinstance(value, dict | list):
        raise NoValueError(f"Invalid reference specified. No value for {reference} found in {name}")
    return value

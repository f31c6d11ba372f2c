"""Options that several commands share, declared once: a dataclass whose fields they are."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any

Command = Callable[..., None]


def spread(command: Command) -> Command:
    """Let a parameter whose type is a dataclass stand for its fields: each is an option of the command.

    A field is declared as a parameter would be, `Annotated` with a Typer option, with its default. The
    options stand where the parameter stood, and the command is called with the dataclass made of them.
    """
    parameters: list[inspect.Parameter] = []
    groups: dict[str, Any] = {}
    for parameter in inspect.signature(command, eval_str=True).parameters.values():
        if is_dataclass(parameter.annotation):
            groups[parameter.name] = parameter.annotation
            parameters += _options(parameter.annotation)
        else:
            parameters.append(parameter)

    @wraps(command)
    def called(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**_taken(given, group))
        command(**given)

    # Typer reads both; what `wraps` pointed to would lead it back to the groups.
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what inspect looks for
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    del called.__wrapped__
    return called


def _options(group: Any) -> list[inspect.Parameter]:
    found = inspect.signature(group, eval_str=True).parameters.values()
    return [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in found]


def _taken(given: dict[str, Any], group: Any) -> Mapping[str, Any]:
    return {field.name: given.pop(field.name) for field in fields(group)}

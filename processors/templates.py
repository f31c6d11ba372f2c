"""Fills Jinja templates, in a sandbox: no underscores, no unknown names, no text or loop without end.

A template holds text, values, conditions and loops. Whatever could make much out of little is left out: a
name cannot be set, text cannot be multiplied, and only the methods and filters named here can be used.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from jinja2 import (
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    meta,
    nodes,
    pass_eval_context,
)
from jinja2.filters import FILTERS, do_replace, sync_do_join
from jinja2.runtime import Context as JinjaContext
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import pass_context

from processors.context import Context
from schemas.errors import DefinitionError, StepError

_LONGEST_TEXT = 64 * 1024
_LONGEST_LINE = 500
_MOST_ROUNDS = 10_000
# Names with a space in them, which no template can speak of.
_ROUNDS_LEFT, _COUNTED = "rounds left", "counted rounds"

_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset({"upper", "lower", "title", "capitalize", "strip", "startswith", "endswith", "split"}),
    dict: frozenset({"get", "items", "keys", "values"}),
    date: frozenset({"isoformat", "strftime", "date"}),
    LoopContext: frozenset({"cycle", "changed"}),
}
_FILTERS = frozenset(
    [
        "abs",
        "capitalize",
        "count",
        "d",
        "default",
        "dictsort",
        "e",
        "escape",
        "first",
        "float",
        "groupby",
        "int",
        "items",
        "last",
        "length",
        "list",
        "lower",
        "max",
        "min",
        "reject",
        "rejectattr",
        "reverse",
        "select",
        "selectattr",
        "sort",
        "string",
        "striptags",
        "title",
        "trim",
        "truncate",
        "unique",
        "upper",
        "urlencode",
        "wordcount",
    ]
)
_REFUSED: Mapping[type[nodes.Node], str] = {
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.With: "with",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.Block: "block",
    nodes.Extends: "extends",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.Concat: "~",
}


def _money(amount: Any) -> str:
    """Write an amount with thousands apart and two decimals."""
    return "" if amount is None else f"{amount:,.2f}"


def _bounded(length: int) -> None:
    if length > _LONGEST_TEXT:
        raise StepError(f"the template makes a text of more than {_LONGEST_TEXT} characters")


@pass_eval_context
def _join(how: nodes.EvalContext, values: Iterable[Any], separator: str = "", attribute: Any = None) -> str:
    found = list(values)
    _bounded(sum(len(str(each)) for each in found) + len(found) * len(str(separator)))
    return sync_do_join(how, found, separator, attribute)


@pass_eval_context
def _replace(how: nodes.EvalContext, text: str, old: str, new: str) -> str:
    _bounded(len(str(text)) + str(text).count(str(old)) * len(str(new)))
    return do_replace(how, text, old, new)


@pass_context
def _counted(context: JinjaContext, values: Iterable[Any]) -> list[Any]:
    """Give what a loop goes through, as long as all loops together do not go round too often."""
    found = list(values)
    left = context[_ROUNDS_LEFT]
    left[0] -= len(found)
    if left[0] < 0:
        raise StepError(f"the template's loops go round more than {_MOST_ROUNDS} times")
    return found


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox without the ways to make much out of little."""

    intercepted_binops = frozenset({"+", "*", "%", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Let numbers be reckoned with, but not raised to a power; let texts be added within bounds."""
        plain = not isinstance(left, (str, list, tuple)) and not isinstance(right, (str, list, tuple))
        if operator == "**" or (operator != "+" and not plain):
            raise StepError(f"a template may not use {operator} there")
        if not plain:
            _bounded(sum(len(each) for each in (left, right) if isinstance(each, (str, list, tuple))))
        return super().call_binop(context, operator, left, right)

    def is_safe_callable(self, obj: Any) -> bool:
        """Let only the methods be called that are named above."""
        owner, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
        return any(isinstance(owner, kind) and name in allowed for kind, allowed in _METHODS.items())

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        for node in parsed.find_all(tuple(_REFUSED)):
            raise TemplateSyntaxError(f"{_REFUSED[type(node)]} is not used here", node.lineno)
        for outer in list(parsed.find_all(nodes.For)):
            if outer.recursive:
                raise TemplateSyntaxError("recursive is not used here", outer.lineno)
            if any(True for inner in outer.find_all(nodes.For) for _ in inner.find_all(nodes.For)):
                raise TemplateSyntaxError("loops inside loops inside loops", outer.lineno)
            outer.iter = nodes.Filter(outer.iter, _COUNTED, [], [], None, None, lineno=outer.lineno)
        return parsed


def _environment(*, html: bool) -> _Sandbox:
    made = _Sandbox(undefined=StrictUndefined, autoescape=html, keep_trailing_newline=True)
    made.globals.clear()
    made.filters = {name: FILTERS[name] for name in sorted(_FILTERS)}
    made.filters |= {"money": _money, "join": _join, "replace": _replace, _COUNTED: _counted}
    return made


_TEXT, _HTML = _environment(html=False), _environment(html=True)


@lru_cache(maxsize=1024)
def _compiled(source: str, html: bool) -> Template:  # noqa: FBT001 - part of the cache's key
    return (_HTML if html else _TEXT).from_string(source)


def check(source: str) -> frozenset[str]:
    """Give the names a template uses. Raises `DefinitionError` if it is not one."""
    try:
        return frozenset(meta.find_undeclared_variables(_TEXT.parse(source)))
    except TemplateSyntaxError as error:
        raise DefinitionError(f"not a template: {error.message} (its line {error.lineno})") from None
    except (ValueError, RecursionError) as error:
        raise DefinitionError(f"not a template: {error}") from None


def render(source: str, names: Context, *, html: bool = False) -> str:
    """Fill a template. Raises `StepError` for an unknown name, a forbidden thing, or a text without end."""
    parts: list[str] = []
    length = 0
    try:
        for part in _compiled(source, html).generate({**names, _ROUNDS_LEFT: [_MOST_ROUNDS]}):
            length += len(part)
            if length > _LONGEST_TEXT:
                raise StepError(f"the template gives more than {_LONGEST_TEXT} characters")
            parts.append(part)
    except (
        TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
    ) as error:
        reason = getattr(error, "message", None) or str(error)
        raise StepError(f"the template cannot be filled: {reason}") from None
    return "".join(parts)


def render_line(source: str, names: Context) -> str:
    """Fill a template that must be one line, such as a subject: at most 500 characters, no line ends."""
    return " ".join(render(source, names).split())[:_LONGEST_LINE]

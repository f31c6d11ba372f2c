"""Fills Jinja templates, in a sandbox: no underscores, no unknown names, no text without end."""

from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from processors.context import Context
from schemas.errors import DefinitionError, StepError

_LONGEST_TEXT = 64 * 1024
_LONGEST_LINE = 500


def _money(amount: Any) -> str:
    """Write an amount with thousands apart and two decimals."""
    return "" if amount is None else f"{amount:,.2f}"


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox without the ways to make much out of little."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Let numbers multiply, but neither text nor lists, and nothing be raised to a power."""
        if operator == "**" or isinstance(left, (str, list, tuple)) or isinstance(right, (str, list, tuple)):
            raise StepError(f"a template may not use {operator} there")
        return super().call_binop(context, operator, left, right)


def _environment(*, html: bool) -> _Sandbox:
    made = _Sandbox(undefined=StrictUndefined, autoescape=html, keep_trailing_newline=True)
    for name in ("range", "lipsum", "cycler", "joiner", "namespace", "dict"):
        made.globals.pop(name, None)
    for name in ("format", "center", "indent", "pprint", "xmlattr", "map", "tojson", "random"):
        made.filters.pop(name, None)
    made.filters["money"] = _money
    return made


_TEXT, _HTML = _environment(html=False), _environment(html=True)


@lru_cache(maxsize=1024)
def _compiled(source: str, html: bool) -> Template:  # noqa: FBT001 - part of the cache's key
    return (_HTML if html else _TEXT).from_string(source)


def check(source: str) -> frozenset[str]:
    """Give the names a template uses. Raises `DefinitionError` if it is not one."""
    try:
        parsed = _TEXT.parse(source)
    except TemplateSyntaxError as error:
        raise DefinitionError(f"not a template: {error.message} (its line {error.lineno})") from None
    for outer in parsed.find_all(nodes.For):
        if any(True for inner in outer.find_all(nodes.For) for _ in inner.find_all(nodes.For)):
            raise DefinitionError(f"loops inside loops inside loops (its line {outer.lineno})")
    return frozenset(meta.find_undeclared_variables(parsed))


def render(source: str, names: Context, *, html: bool = False) -> str:
    """Fill a template. Raises `StepError` for an unknown name, a forbidden thing, or a text without end."""
    parts: list[str] = []
    length = 0
    try:
        for part in _compiled(source, html).generate(names):
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
        KeyError,
        RecursionError,
    ) as error:
        reason = getattr(error, "message", None) or str(error)
        raise StepError(f"the template cannot be filled: {reason}") from None
    return "".join(parts)


def render_line(source: str, names: Context) -> str:
    """Fill a template that must be one line, such as a subject: at most 500 characters, no line ends."""
    return " ".join(render(source, names).split())[:_LONGEST_LINE]

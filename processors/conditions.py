"""Evaluates CEL expressions over a deal. They end, have no effects, and are compiled once.

CEL knows integers and doubles, so amounts are compared as doubles: exact for whole cents up to ninety
trillion. Dates are compared as timestamps at midnight UTC.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from processors.context import Context, lookup, paths
from schemas.errors import DefinitionError, StepError

_LONGEST = 1000
_GAP = r"(?:\s|//[^\n]*\n)*"  # a comment is a gap, too
_LOOPS = re.compile(rf"\.{_GAP}(?:map|filter|all|exists|exists_one|existsOne){_GAP}\(")
_MOST_LOOPS = 2


@lru_cache(maxsize=4096)
def compiled(expression: str) -> Any:
    """Compile an expression. Raises `DefinitionError` saying what is wrong with it."""
    if len(expression) > _LONGEST:
        raise DefinitionError(f"the expression is longer than {_LONGEST} characters", on=expression[:40])
    if len(_LOOPS.findall(expression)) > _MOST_LOOPS:
        raise DefinitionError(f"more than {_MOST_LOOPS} loops in one expression", on=expression[:80])
    # CEL brings a shell of its own; who decides nothing need not wait for it.
    import cel  # noqa: PLC0415 - when an expression is compiled first

    try:
        return cel.compile(expression)
    except ValueError as error:
        reason = str(error).partition("ERROR: <input>:")[2].partition("\n")[0] or str(error)
        raise DefinitionError(f"not a CEL expression: {reason}", on=expression[:80]) from None


def value(expression: str, names: Context) -> Any:
    """Evaluate an expression. Raises `StepError` naming the value that it cannot be evaluated with."""
    try:
        # Only what the expression may speak of is handed over: that is most of what deciding costs.
        spoken = {name: _plain(given) for name, given in names.items() if name in expression}
        return compiled(expression).execute(spoken)
    except DefinitionError as error:
        raise StepError(error.what, on=error.on) from None
    except (TypeError, ValueError, LookupError, RuntimeError, ArithmeticError) as error:
        raise StepError(
            f"{expression!r} cannot be decided: {_why(expression, names, error)}",
            todo="Mend the deal in Salesforce, or test for it first: deal.amount != null && …",
        ) from None


def holds(expression: str, names: Context) -> bool:
    """Decide a condition. Raises `StepError` if it gives anything but true or false."""
    found = value(expression, names)
    if not isinstance(found, bool):
        raise StepError(f"{expression!r} gives {type(found).__name__}, not true or false")
    return found


def _why(expression: str, names: Context, error: Exception) -> str:
    for path in paths(expression):
        root = path.partition(".")[0]
        if root not in names:
            continue
        try:
            if lookup(names, path) is None:
                return f"{path} is empty"
        except KeyError as missing:
            return f"{path} has no {missing.args[0]!r}"
    return str(error).partition(".")[0]


def _plain(given: Any) -> Any:
    if isinstance(given, Mapping):
        return {str(key): _plain(item) for key, item in given.items()}
    if isinstance(given, (list, tuple)):
        return [_plain(item) for item in given]
    if isinstance(given, Decimal):
        return float(given)
    if isinstance(given, date) and not isinstance(given, datetime):
        return datetime.combine(given, time(), UTC)
    return given

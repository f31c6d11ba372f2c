"""Names in definitions: what was meant by a wrong one, and those that only an org knows."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from processors.context import Context

_CUSTOM = re.compile(r"\b(deal|company)\.custom\.(\w+)")


def beside(path: str, names: Context) -> Iterable[str]:
    """Give what could have stood in a path where its first wrong part does."""
    around: Any = names
    for part in path.split("."):
        if not isinstance(around, Mapping) or part not in around:
            break
        around = around[part]
    return around.keys() if isinstance(around, Mapping) else ()


def with_custom(names: Context, text: str) -> Context:
    """Give the names with a text under each custom field spoken of: which of them an org has is not known."""
    filled = dict(names)
    for root, name in _CUSTOM.findall(text):
        within = filled[root]
        filled[root] = {**within, "custom": {**within["custom"], name: "x"}}
    return filled


def custom_of(text: str) -> Iterable[tuple[str, str]]:
    """Give the custom fields that a text speaks of: `Opportunity` or `Account`, and the field's name."""
    return [("Opportunity" if root == "deal" else "Account", name) for root, name in _CUSTOM.findall(text)]


def near(name: str, known: Iterable[str]) -> str:
    """Give the advice to write a known name, where one is much like this one."""
    near = get_close_matches(name, list(known), n=1)
    return f"Did you mean {near[0]}?" if near else ""

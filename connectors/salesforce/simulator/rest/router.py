"""Which resource answers which path, and with which methods."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote

from connectors.salesforce.simulator.rest.reply import ApiError, not_found

__all__ = ["Router", "Rule"]

H = TypeVar("H", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Rule(Generic[H]):
    """A method and a path below the version; `{name}` stands for one segment."""

    method: str
    path: str
    handler: H


class Router(Generic[H]):
    """The table of resources. Fixed segments win over named ones."""

    def __init__(self, rules: Sequence[Rule[H]]) -> None:
        table: dict[tuple[str, ...], dict[str, H]] = {}
        for rule in rules:
            table.setdefault(tuple(rule.path.split("/")), {})[rule.method] = rule.handler
        # "{" sorts after letters, so a fixed segment is tried before a named one.
        self._by_length: dict[int, list[tuple[tuple[str, ...], dict[str, H]]]] = {}
        for pattern in sorted(table):
            self._by_length.setdefault(len(pattern), []).append((pattern, table[pattern]))

    def find(self, method: str, path: str) -> tuple[H, dict[str, str]]:
        """Find the resource of a path (leading and trailing slashes do not matter).

        Raises `ApiError`: NOT_FOUND, or METHOD_NOT_ALLOWED with the methods that are.
        """
        segments = tuple(unquote(part) for part in path.strip("/").split("/"))
        allowed: list[str] = []
        for pattern, methods in self._by_length.get(len(segments), ()):
            arguments = _match(pattern, segments)
            if arguments is None:
                continue
            handler = methods.get("GET" if method == "HEAD" else method)
            if handler is not None:
                return handler, arguments
            allowed += [*methods, *(["HEAD"] if "GET" in methods else [])]
            break
        if allowed:
            raise ApiError(
                405,
                "METHOD_NOT_ALLOWED",
                f"HTTP Method '{method}' not allowed. Allowed are {','.join(sorted(allowed))}",
            )
        raise not_found()


def _match(pattern: tuple[str, ...], segments: tuple[str, ...]) -> dict[str, str] | None:
    arguments: dict[str, str] = {}
    for expected, found in zip(pattern, segments, strict=True):
        if expected.startswith("{"):
            arguments[expected[1:-1]] = found
        elif expected != found:
            return None
    return arguments

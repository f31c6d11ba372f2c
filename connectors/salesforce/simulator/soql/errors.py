"""What a query is refused with, drawn as Salesforce draws it: the line, a caret, the place, the reason."""

from connectors.salesforce.simulator.soql.tree import MAX_QUERY

__all__ = ["SoqlError", "drawn", "place"]

_BEFORE = 60
_AFTER = 40


class SoqlError(Exception):
    """A query is refused. `code` is Salesforce's errorCode, `message` its text; both go to the client."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


def place(text: str, at: int) -> tuple[int, int]:
    """Give row and column of an offset, both from 1."""
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


def drawn(text: str, at: int, reason: str) -> str:
    """Draw where in the query a reason applies; of a long line only what stands around the place."""
    row, column = place(text[:MAX_QUERY], at)
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    first = max(start, at - _BEFORE)
    last = min(len(text) if end < 0 else end, at + _AFTER)
    return f"\n{text[first:last]}\n{' ' * (at - first)}^\nERROR at Row:{row}:Column:{column}\n{reason}"

"""What a parsed query is made of. `at` is always the offset in the query's text, for error messages."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

__all__ = [
    "MAX_QUERY",
    "All",
    "AnyOf",
    "Comparison",
    "Condition",
    "Count",
    "FieldsOf",
    "InQuery",
    "Item",
    "Literal",
    "Membership",
    "Not",
    "Ordering",
    "Path",
    "Period",
    "Query",
    "Subquery",
    "Text",
    "Value",
]

# SOQL and SOSL Limits for Search Queries: the longest statement, in characters.
MAX_QUERY = 100_000


@dataclass(frozen=True, slots=True)
class Path:
    """A field, by way of parents: `Account.Owner.Email` has three parts."""

    parts: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class FieldsOf:
    """`FIELDS(ALL)`, `FIELDS(STANDARD)` or `FIELDS(CUSTOM)`."""

    group: str
    at: int


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted string: `raw` as written between the quotes, escapes and all."""

    raw: str


@dataclass(frozen=True, slots=True)
class Period:
    """A relative date such as TODAY or LAST_N_DAYS: its name in capitals, and n where it has one."""

    name: str
    n: int


Literal = Text | Decimal | bool | date | datetime | Period | None

# A literal, and where it stands.
Value = tuple[Literal, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator value`; the operator is one of = != < <= > >= LIKE."""

    path: Path
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """`path IN (…)`, or NOT IN."""

    path: Path
    values: tuple[Value, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class InQuery:
    """`path IN (SELECT … )`, a semi-join, or NOT IN, an anti-join."""

    path: Path
    query: "Query"
    negated: bool


@dataclass(frozen=True, slots=True)
class All:
    """Conditions joined by AND."""

    terms: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Conditions joined by OR."""

    terms: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A condition turned round."""

    term: "Condition"


Condition = Comparison | Membership | InQuery | All | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Ordering:
    """One key of ORDER BY; nulls come first unless said otherwise."""

    path: Path
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """`COUNT()`: no rows, only how many."""

    at: int


@dataclass(frozen=True, slots=True)
class Subquery:
    """A query over children, in parentheses; its FROM is a child relationship's name."""

    query: "Query"
    at: int


Item = Path | FieldsOf | Subquery


@dataclass(frozen=True, slots=True)
class Query:
    """A whole SELECT."""

    selection: Count | tuple[Item, ...]
    source: str
    source_at: int
    where: Condition | None = None
    order: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0
    offset_at: int = 0

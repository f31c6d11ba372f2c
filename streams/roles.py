"""What a worker can be. Each role is a Faust app of its own, so that no sink holds up another's rebalance."""

from collections.abc import Callable, Mapping
from typing import Any

from schemas.errors import UsageError
from streams.agents.accounts import accounts
from streams.agents.assignments import assignments
from streams.agents.briefs import briefs
from streams.agents.emails import emails
from streams.agents.enrich import enrich
from streams.agents.transitions import transitions
from streams.agents.workflow import workflow
from streams.app import Surroundings

ROLES: Mapping[str, Callable[[Surroundings], Any]] = {
    "transitions": transitions,
    "workflow": workflow,
    "enrich": enrich,
    "accounts": accounts,
    "assignments": assignments,
    "emails": emails,
    "briefs": briefs,
}
"""Role to the maker of its app, in the order a deal meets them."""

ALL = "all"


def chosen(text: str) -> tuple[str, ...]:
    """Read a list of roles as it is typed: `all`, or names with commas. Raises `UsageError`."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == [ALL]:
        return tuple(ROLES)
    unknown = [name for name in names if name not in ROLES]
    if unknown or not names:
        raise UsageError(
            f"there is no role {', '.join(unknown) or 'in an empty list'}",
            todo=f"Choose from: {ALL}, {', '.join(ROLES)}.",
        )
    return tuple(role for role in ROLES if role in names)

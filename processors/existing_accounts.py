"""Accounts that may be the same customer: what the sink found, and how a deal joins one."""

import json

from pydantic import TypeAdapter, ValidationError

from schemas.account import Account
from schemas.base import Part
from schemas.errors import StepError
from schemas.inbox import InboxRecord


class Found(Part):
    """One account that looks like the same customer: by what, and how surely (up to 1)."""

    account: Account
    account_id: str = ""
    key: str = ""
    name: str = ""
    by: str = ""
    score: float = 0


_MATCHES = TypeAdapter(tuple[Found, ...])


def found(result: InboxRecord) -> tuple[Found, ...]:
    """Read what the account sink found, best first. Raises `StepError` for an answer that is none."""
    try:
        return _MATCHES.validate_python(json.loads(result.output.get("matches", "[]")))
    except (ValueError, ValidationError):
        raise StepError("the account sink's answer cannot be read", todo="Retry the run.") from None


def linked(existing: Account, mapped: Account) -> Account:
    """Give the existing account with what the deal says; what the deal leaves empty stays as it was."""
    said = {
        name: value
        for name in Account.model_fields
        if name not in _ITS_OWN and (value := getattr(mapped, name)) not in (None, "", ())
    }
    custom = {**existing.custom, **mapped.custom}
    return existing.model_copy(update={**said, "custom": custom, "revision": existing.revision + 1})


_ITS_OWN = frozenset(
    {"id", "org_id", "key", "revision", "opportunity_id", "custom", "merged_into", "aliases"}
)

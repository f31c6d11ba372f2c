"""What a reply of the accounts service means (`docs/contracts/accounts-api.yaml`); no I/O.

Statuses as in RFC 9110; errors are told as problem details (RFC 9457).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from json import JSONDecodeError, loads

from pydantic import BaseModel, ValidationError

from connectors.http_rules import retry_after
from schemas.account import Account
from schemas.errors import DealwireError, RefusedError, UnavailableError

__all__ = ["CREATED_BY", "Held", "Reply", "failure", "found_accounts", "held"]

CREATED_BY = "Account-Created-By"
"""The reply's header with the idempotency key that created the account."""

_SHOWN_CHARS = 300
# The server did not take the request on: RFC 9110 15.5.9, RFC 6585 4, RFC 8470 5.2.
_NOT_DONE = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.TOO_EARLY}


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """The account that the service holds, and which command created it."""

    account: Account
    created_by: str


def held(reply: Reply, *, account_id: str, revision: int = 0, on: str) -> Held:
    """Read the account out of a good reply, passing over fields that we do not know.

    Raises `UnavailableError` when it is not this account, or older than the revision just written.
    """
    try:
        account = Account.model_validate_json(reply.body, extra="ignore")
    except ValidationError:
        raise UnavailableError(
            f"the reply {reply.status} does not hold an account", on=on, unknown_outcome=True
        ) from None
    if account.id != account_id or account.revision < revision:
        raise UnavailableError(
            f"the reply {reply.status} holds revision {account.revision} of {account.id[:40]!r}",
            on=on,
            unknown_outcome=True,
        )
    return Held(account, reply.headers.get(CREATED_BY, ""))


class _Found(BaseModel):
    accounts: list[Account]


def found_accounts(reply: Reply, *, on: str) -> list[Account]:
    """Read a list of accounts out of a good reply. Raises `UnavailableError` when it is none."""
    try:
        return _Found.model_validate_json(reply.body, extra="ignore").accounts
    except ValidationError:
        raise UnavailableError(f"the reply {reply.status} does not hold accounts", on=on) from None


def failure(reply: Reply, *, on: str, now: datetime) -> DealwireError:
    """Sort a reply that is not good into what never heals and what may."""
    status = reply.status
    what = f"the accounts service answers {status}{_problem(reply)}"
    if status in _NOT_DONE:
        return UnavailableError(what, on=on, retry_after=retry_after(reply.headers.get("Retry-After"), now))
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return RefusedError(
            what, on=on, todo="Redirects are not followed; set accounts.http.url to the final address."
        )
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return RefusedError(what, on=on, todo="Compare with docs/contracts/accounts-api.yaml.")
    # Whatever else: a gateway may answer 502 to 504, and a server 500, when the work was done.
    return UnavailableError(
        what,
        on=on,
        retry_after=retry_after(reply.headers.get("Retry-After"), now),
        unknown_outcome=True,
    )


def _problem(reply: Reply) -> str:
    """Give what the service says of the problem, short and on one line."""
    try:
        content = loads(reply.body)
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        return ""
    if not isinstance(content, dict):
        return ""
    told = [str(content[name]) for name in ("title", "detail") if isinstance(content.get(name), str)]
    line = " ".join("".join(char if char.isprintable() else " " for char in ": ".join(told)).split())
    return f": {line[:_SHOWN_CHARS]}" if line else ""

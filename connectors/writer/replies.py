"""What a reply of a chat endpoint means (OpenAI's `POST /chat/completions` as others serve it); no I/O."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from connectors.http_rules import retry_after
from connectors.ports import Written
from schemas.errors import DealwireError, RefusedError, UnavailableError

__all__ = ["Reply", "failure", "written"]

_BUSY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_MOST_TOKENS = 10_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def written(reply: Reply, *, on: str, estimate: int) -> Written:
    """Read the answer out of a good reply. `estimate` is what it cost where the endpoint does not say.

    Raises `UnavailableError` when it holds no whole answer.
    """
    try:
        content = json.loads(reply.body)
        choice = content["choices"][0]
        text = choice["message"]["content"]
    except (ValueError, RecursionError, LookupError, TypeError):
        raise UnavailableError("the reply holds no answer", on=on, unknown_outcome=True) from None
    if not isinstance(text, str) or not text:
        raise UnavailableError("the reply's answer is no text", on=on, unknown_outcome=True)
    if isinstance(choice, dict) and choice.get("finish_reason") not in (None, "stop"):
        reason = str(choice["finish_reason"])[:40]
        raise UnavailableError(f"the answer was broken off: {reason!r}", on=on, unknown_outcome=True)
    return Written(text, _tokens(content, estimate))


def failure(reply: Reply, *, on: str, now: datetime) -> DealwireError:
    """Sort a reply that is not good. What it says is not repeated: it may hold parts of the prompt."""
    status = reply.status
    what = f"the model's endpoint answers {status}"
    if status in _BUSY:
        return UnavailableError(what, on=on, retry_after=retry_after(reply.headers.get("Retry-After"), now))
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return RefusedError(
            what, on=on, todo="Redirects are not followed; set writer.url to the final address."
        )
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return RefusedError(what, on=on, todo="Check writer.model, writer.api_key and writer.answer_form.")
    return UnavailableError(
        what,
        on=on,
        retry_after=retry_after(reply.headers.get("Retry-After"), now),
        unknown_outcome=True,
    )


def _tokens(content: Mapping[str, Any], estimate: int) -> int:
    usage = content.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    if isinstance(total, bool) or not isinstance(total, int) or not 0 < total <= _MOST_TOKENS:
        return estimate
    return total

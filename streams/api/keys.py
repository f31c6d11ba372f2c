"""`Idempotency-Key`: the same key of the same person means the same change, which is done once."""

import re
from uuid import uuid4

from fastapi import Request

from streams.api.problems import ProblemError

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def key_of(request: Request) -> str:
    """Give the key, or draw one. Raises a `ProblemError` for a key that is none."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return str(uuid4())
    if not _KEY.fullmatch(key):
        raise ProblemError(422, "Idempotency-Key: 1 to 200 printable characters of ASCII, without spaces.")
    return key

"""Which idempotency keys came with which bodies, as far as this process remembers."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from streams.api.person import person_of
from streams.api.problems import ProblemError

_MOST = 10_000
_HEARD = frozenset({HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE})
"""What is answered to a change that was passed on; after other refusals the key is as new."""


class UsedKeys:
    """The latest keys, each with its body. That a change is done once hangs on ids, not on these."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._bodies: OrderedDict[bytes, bytes] = OrderedDict()

    async def once(
        self, request: Request, handler: Callable[[Request], Coroutine[Any, Any, Response]]
    ) -> Response:
        """Answer a request, if its key is new or comes with the same body. Raises a `ProblemError` (422).

        The same change asked for again is answered again. Another one under the same key would not be done:
        that is a mistake which the client must hear of.
        """
        key = request.headers.get("idempotency-key")
        if key is None:
            return await handler(request)
        name = _digest(repr((person_of(request).actor, request.method, request.url.path, key)).encode())
        body = _digest(await request.body())
        before = self._bodies.get(name)
        if before not in (None, body):
            raise ProblemError(422, "This Idempotency-Key came with another body before: draw a new one.")
        self._keep(name, body)
        try:
            return await handler(request)
        except (HTTPException, RequestValidationError) as error:
            heard = isinstance(error, HTTPException) and error.status_code in _HEARD
            if before is None and not heard:
                self._bodies.pop(name, None)
            raise

    def _keep(self, name: bytes, body: bytes) -> None:
        self._bodies[name] = body
        self._bodies.move_to_end(name)
        while len(self._bodies) > self._most:
            self._bodies.popitem(last=False)


def used_keys_of(request: Request) -> UsedKeys:
    """Give those of the app that a request came to."""
    used: UsedKeys = request.app.state.used_keys
    return used


def _digest(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()

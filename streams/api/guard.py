"""The door of every route: nobody passes who is not known or not allowed, and it is asked before all else."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from schemas.errors import BrokenInvariantError
from streams.api.audit import denied
from streams.api.bounded import bounded
from streams.api.identity import identify
from streams.api.problems import ProblemError
from streams.api.roles import ALLOWED, OPEN
from streams.api.services import services_of
from streams.api.used_keys import used_keys_of

SAFE = frozenset({"GET", "HEAD"})
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class GuardedRoute(APIRoute):
    """A route of the table in `streams/api/roles.py`.

    The door is passed before the body is read, so that a stranger learns nothing from how it is read.
    """

    def get_route_handler(self) -> Handler:
        """Put the door before the handler. Raises `BrokenInvariantError` for a route without a row."""
        handler = super().get_route_handler()
        places = [(method, self.path) for method in sorted(self.methods or ())]
        if missing := [place for place in places if place not in ALLOWED and place not in OPEN]:
            raise BrokenInvariantError(
                "a route says not who may use it", on=f"{missing} in streams/api/roles.py"
            )
        allowed = None if places[0] in OPEN else ALLOWED[places[0]]

        async def guarded(request: Request) -> Response:
            if allowed is not None:
                person = await identify(request.headers.get("authorization"), services_of(request).vouching)
                if person is None:
                    raise ProblemError(401, "Say who you are: send an API token or an ID token as a bearer.")
                request.state.person = person
                if not person.roles & allowed:
                    if request.method not in SAFE:
                        await denied(request)
                    raise ProblemError(403, f"This needs one of the roles: {', '.join(sorted(allowed))}.")
            if request.method in SAFE or allowed is None:
                return await handler(bounded(request))
            return await used_keys_of(request).once(bounded(request), handler)

        return guarded

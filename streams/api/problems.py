"""How a request fails: problem details (RFC 9457), which never repeat what was sent."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi import HTTPException as FastApiError
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from schemas.errors import RefusedError, UnavailableError
from streams.api.request_id import HEADER, request_id

MEDIA_TYPE = "application/problem+json"
_SHOWN_PARTS = 2
_MOST_FAULTS = 20

log = structlog.get_logger(__name__)


class Fault(BaseModel):
    """One thing that is wrong with what was sent: where (never with which value), and what is expected."""

    where: str
    what: str


class ProblemDetails(BaseModel):
    """A failure, as RFC 9457 has it; `request_id` stands in the log, too."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    request_id: str = ""
    faults: list[Fault] = []


class ProblemError(FastApiError):
    """A request that cannot be answered as asked. `detail` may be read by whoever asked."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        given = dict(headers or {})
        if status == HTTPStatus.UNAUTHORIZED:
            given["WWW-Authenticate"] = "Bearer"
        super().__init__(status, detail, given)


def problem(
    request: Request,
    status: int,
    detail: str = "",
    *,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Make the reply that says what failed."""
    details = ProblemDetails(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=request_id(request),
        faults=list(faults),
    )
    content = details.model_dump(exclude_defaults=True) | {"status": status}
    return JSONResponse(
        content, status, headers={HEADER: details.request_id, **(headers or {})}, media_type=MEDIA_TYPE
    )


def answer_with_problems(app: FastAPI) -> None:
    """Make every foreseen failure of an app one of these; `Sealed` does it for the others."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(UnavailableError, _unavailable)
    app.add_exception_handler(RefusedError, _refused_elsewhere)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    detail = error.detail if isinstance(error, ProblemError) else ""
    return problem(request, error.status_code, detail, headers=error.headers)


async def _unreadable(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    faults = [_fault(each) for each in error.errors()[:_MOST_FAULTS]]
    return problem(request, 422, "What was sent does not hold.", faults=faults)


async def _unavailable(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UnavailableError)  # noqa: S101 - what it is registered for
    log.warning("a request could not be answered", error=str(error), request=request_id(request))
    detail = "Something this needs does not answer now. Try again."
    if error.unknown_outcome:
        detail = "Kafka did not confirm it in time; it may be done yet. Send it again with the same key."
    return problem(request, 503, detail, headers={"Retry-After": "2"})


async def _refused_elsewhere(request: Request, error: Exception) -> JSONResponse:
    log.error("a request was refused by what it needs", error=str(error), request=request_id(request))
    return problem(request, 502, "Something this needs said no. The log has more under the request's id.")


def _fault(error: Mapping[str, Any]) -> Fault:
    """Name the field, but no field that we do not know, and no key of a mapping: a stranger wrote those."""
    kind = str(error["type"])
    place = [str(part) for part in error["loc"][:_SHOWN_PARTS]]
    if kind == "extra_forbidden":
        return Fault(where=place[0], what="A field is not known here.")
    if kind == "json_invalid":
        return Fault(where="body", what="It is no JSON.")
    # A rule of ours may quote what it was given; pydantic's own sentences only say what is expected.
    what = "It does not hold." if kind in ("value_error", "assertion_error") else str(error["msg"])
    return Fault(where=".".join(place), what=what)

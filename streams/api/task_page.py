"""`/tasks/{link}`: the page that a mail leads to. Looking never answers; a form of the page itself does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Self
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from processors.commanding import Said, about_task
from processors.form_values import checked
from processors.task_links import Link, form_token, is_form_token, read
from processors.tasks import already
from schemas.access import Role
from schemas.errors import RefusedError, UnavailableError
from schemas.ids import derived_id
from schemas.task import APPROVAL, CHOICE, CLAIM, FORM, TASK_ENDED, Task
from streams.api.commanding import carry
from streams.api.guard import GuardedRoute
from streams.api.identity import Person
from streams.api.problems import ProblemError
from streams.api.services import Services, services_of
from streams.api.task_view import View, page
from streams.api.visits import TooOftenError

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

Asked = Annotated[Services, Depends(services_of)]
_ANSWERS: Mapping[str, frozenset[str]] = {
    APPROVAL: frozenset({"approve", "reject"}),
    FORM: frozenset({"fill", "draft"}),
    CHOICE: frozenset({"choose"}),
    CLAIM: frozenset({"claim"}),
}
_MOST_FIELDS = 300
_LONGEST_REASON = 2000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # no browser sends them, and no database keeps NUL


@router.get("/tasks/{link}")
async def show(link: str, services: Asked) -> HTMLResponse:
    """Show a task to the person of a link, with the form by which they answer."""
    visit = await _followed(link, services)
    if isinstance(visit, HTMLResponse):
        return visit
    return visit.closed() or visit.form(HTTPStatus.OK)


@router.post("/tasks/{link}")
async def answer(link: str, request: Request, services: Asked) -> HTMLResponse:
    """Take what the form says: once, however often it is sent, in the name of the person of the link."""
    visit = await _followed(link, services)
    if isinstance(visit, HTMLResponse):
        return visit
    filled = _Filled.of(await request.body(), visit.task)
    if not _from_our_page(request, filled.token, visit):
        told = "This form does not come from the page of its link. Open the link again."
        return page(HTTPStatus.FORBIDDEN, View(told=told, is_wrong=True))
    if (closed := visit.closed()) is not None:
        return closed
    if filled.wrong:
        return visit.form(HTTPStatus.UNPROCESSABLE_ENTITY, filled.wrong, filled)
    return await _said(request, visit, filled)


async def _followed(link: str, services: Services) -> "_Visit | HTMLResponse":
    """Follow a link: to its task, or to a page that says why it leads nowhere now."""
    try:
        return await _Visit.of(link, services)
    except TooOftenError as error:
        refused = page(HTTPStatus.TOO_MANY_REQUESTS, View(told=error.what, is_wrong=True))
        refused.headers["Retry-After"] = "60"
        return refused
    except RefusedError as error:
        return page(HTTPStatus.NOT_FOUND, View(told=error.what, is_wrong=True))
    except UnavailableError:
        return page(HTTPStatus.SERVICE_UNAVAILABLE, View(told="Come again in a minute.", is_wrong=True))


async def _said(request: Request, visit: "_Visit", filled: "_Filled") -> HTMLResponse:
    person = visit.link.person
    values = [f"{name}={value}" for name, value in sorted(filled.values.items())]
    key = derived_id("link", visit.text, str(visit.task.revision), filled.reason, *values)
    said = Said(actor=person, key=key, reason=filled.reason)
    command = about_task(visit.task, filled.answer, said, values=filled.values)
    request.state.person = Person(person, frozenset({Role.APPROVER}), "link")
    heard = Response()
    try:
        await carry(request, heard, command, on=visit.task.id)
    except ProblemError as error:
        return visit.form(HTTPStatus.CONFLICT, f"Not done: {error.detail}.", filled)
    except UnavailableError:
        told = "This cannot be taken now. Send it again in a minute."
        return visit.form(HTTPStatus.SERVICE_UNAVAILABLE, told, filled)
    if heard.status_code == HTTPStatus.ACCEPTED:
        return visit.told(HTTPStatus.ACCEPTED, "Your answer is on its way.")
    return visit.told(
        HTTPStatus.OK, "Saved." if filled.answer == "draft" else "Thank you: your answer is taken."
    )


@dataclass(frozen=True, slots=True)
class _Filled:
    """What came in a form. `wrong` says why it cannot be taken, `errors` of which fields."""

    token: str
    answer: str
    reason: str
    values: Mapping[str, str]
    wrong: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, body: bytes, task: Task) -> Self:
        try:
            # A field that was emptied is sent empty, and must not come back as it was prefilled.
            pairs = parse_qsl(
                body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
            )
            given = dict(pairs)
        except ValueError:  # more fields than any form has
            given = {}
        values = {name.removeprefix("f-"): text for name, text in given.items() if name.startswith("f-")}
        if task.kind == CHOICE:
            values = {"choice": _CONTROL.sub("", given.get("choice", ""))}
        reason = _CONTROL.sub("", given.get("reason", "")).strip()[:_LONGEST_REASON]
        named, wrong = given.get("answer", ""), ""
        errors: Mapping[str, str] = {}
        if named not in _ANSWERS.get(task.kind, ()):
            wrong = "Choose one of the answers."
        elif named == "reject" and not reason:
            wrong = "A rejection needs its reason."
        elif task.kind == FORM:
            _, errors = checked(task.fields, values, whole=named == "fill")
            wrong = "Not sent yet: look at the fields." if errors else ""
        return cls(given.get("form", ""), named, reason, values, wrong, errors)


@dataclass(frozen=True, slots=True)
class _Visit:
    """Somebody who followed a link, and the task they found."""

    text: str
    link: Link
    task: Task
    services: Services

    @classmethod
    async def of(cls, text: str, services: Services) -> Self:
        """Follow a link. Raises `RefusedError` for one that leads nowhere, and `UnavailableError`."""
        now = services.clock.now()
        link = read(text, services.links.keys, now)
        services.visits.count(text, now)
        await services.board.refresh()
        task = services.board.tasks.get(link.task_id)
        if task is None:
            raise RefusedError("The task of this link is not there any more.")
        return cls(text, link, task, services)

    def closed(self) -> HTMLResponse | None:
        """Give the page of a task that this person cannot answer, or cannot any more.

        Who is not asked, or no more, is not shown the task either.
        """
        if self.link.person.casefold() not in {each.casefold() for each in self.task.people}:
            return page(HTTPStatus.OK, View(told="This was given to somebody else."))
        if self.task.status in TASK_ENDED:
            return self.told(HTTPStatus.OK, f"Nothing is asked any more: {already(self.task)}.")
        return None

    def told(self, status: HTTPStatus, told: str) -> HTMLResponse:
        """Give the page with something told, and without a form."""
        return page(status, View(told=told, task=self.task, person=self.link.person))

    def form(self, status: HTTPStatus, told: str = "", filled: _Filled | None = None) -> HTMLResponse:
        """Give the page with its form, as it was filled so far."""
        view = View(
            told=told,
            is_wrong=bool(told),
            task=self.task,
            person=self.link.person,
            form=form_token(self.text, self.services.links.keys[0]),
            values=filled.values if filled is not None else self.task.values,
            errors=filled.errors if filled is not None else {},
            reason=filled.reason if filled is not None else "",
        )
        return page(status, view)


def _from_our_page(request: Request, token: str, visit: _Visit) -> bool:
    ours = urlsplit(visit.services.links.url)
    site = request.headers.get("sec-fetch-site", "")
    if site not in ("", "same-origin", "none"):
        return False
    # From a page with our referrer policy browsers send `null` (Fetch, "append a request `Origin` header").
    origin = request.headers.get("origin", "")
    if origin not in ("", f"{ours.scheme}://{ours.netloc}") and (origin, site) != ("null", "same-origin"):
        return False
    return is_form_token(token, visit.text, visit.services.links.keys)

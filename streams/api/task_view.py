"""How the page of a task looks, and what its browser may do with it: nothing but send its form."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from schemas.task import Task

_PAGES = ImmutableSandboxedEnvironment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_UNTITLED = "A task"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a page shows: what is `told`, the task and who looks at it, and its form where it has one.

    `form` is the form's token; `values`, `errors` and `reason` are what stands in it.
    """

    told: str = ""
    is_wrong: bool = False
    task: Task | None = None
    person: str = ""
    form: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def page(status: HTTPStatus, view: View) -> HTMLResponse:
    """Give the page."""
    nonce = secrets.token_urlsafe(16)
    title = (view.task.title if view.task is not None else "") or _UNTITLED
    html = _PAGES.get_template("task.html").render(view=view, title=title, nonce=nonce)
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; frame-ancestors 'none'"
    headers = {
        "Content-Security-Policy": f"{policy}; base-uri 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(html, status, headers)

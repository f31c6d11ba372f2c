"""The page that a mail leads to: looking changes nothing, answering is done once and only from the page."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from processors.commanding import Answer, Outcome
from processors.task_links import Link, sign
from schemas.errors import UnavailableError
from schemas.task import Task, TaskChoice, TaskField, Vote
from streams.links import LinkConfig
from tests.fixtures.api import (
    LINK_KEY,
    NOW,
    Audits,
    Engine,
    MemoryBoard,
    a_history,
    a_task,
    client,
    some_services,
)

ANN = "ann@x.example"
DONE = Answer("", Outcome.DONE)
FORM = (
    TaskField(name="goals", label="Goals <b>", type="long_text", required=True, help="What they want"),
    TaskField(name="seats", label="Seats", type="number"),
    TaskField(name="plan", type="choice", choices=("Basic", "Pro & more")),
)


class Desk:
    """A page, who looks at it, and what the engine heard."""

    def __init__(self, services: Any, engine: Engine, audits: Audits) -> None:
        self.services, self.engine, self.audits = services, engine, audits
        self.http: httpx.AsyncClient = client(services, None)

    def put(self, **fields: Any) -> None:
        task = a_task(1, **{"people": (ANN, "bob@x.example"), **fields})
        self.services.board.held[task.id] = task

    @property
    def task(self) -> Task:
        task: Task = self.services.board.held["t1"]
        return task

    async def get(self, link: str) -> httpx.Response:
        return await self.http.get(f"/tasks/{link}")

    async def send(
        self, link: str, token: str | None = None, /, *, headers: Any = None, **form: str
    ) -> httpx.Response:
        if token is None:
            found = re.search(r'name="form" value="([^"]+)"', (await self.get(link)).text)
            token = found[1] if found else ""
        body = urlencode({"form": token, **form})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.http.post(f"/tasks/{link}", content=body, headers={**kind, **(headers or {})})


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    engine, audits = Engine(), Audits()
    engine.answer = DONE
    services = some_services(await a_history(), commander=engine, audit=audits, board=MemoryBoard())
    made = Desk(services, engine, audits)
    made.put()
    async with made.http:
        yield made


def link(person: str = ANN, task: str = "t1", days: int = 3) -> str:
    return sign(Link(task, person, NOW + timedelta(days=days)), LINK_KEY.encode())


async def test_looking_never_answers_however_often_and_by_whomever(desk: Desk) -> None:
    for _ in range(3):
        page = await desk.get(link())
        assert page.status_code == 200
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE"):
        assert (await desk.http.request(method, f"/tasks/{link()}")).status_code == 405
    assert desk.engine.heard == []
    assert desk.audits.kept == []


async def test_the_page_asks_nobody_else_and_is_kept_by_nobody(desk: Desk) -> None:
    page = await desk.get(link())
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-frame-options"] == "DENY"
    assert not re.findall(r"(?:src|href)=|url\(|<script", page.text)
    nonce = re.search(r"nonce-([^']+)'", policy)
    assert nonce is not None
    assert f'nonce="{nonce[1]}"' in page.text
    assert (await desk.get(link())).headers["content-security-policy"] != policy


@pytest.mark.parametrize(("word", "reason"), [("approve", ""), ("approve", "fine"), ("reject", "too risky")])
async def test_an_answer_is_said_in_the_name_of_the_link_s_person(desk: Desk, word: str, reason: str) -> None:
    page = await desk.send(link(), answer=word, reason=reason)
    assert (page.status_code, "your answer is taken" in page.text) == (200, True)
    (heard,) = desk.engine.heard
    assert (heard.command, heard.actor, heard.task_id, heard.reason, heard.force) == (
        word,
        ANN,
        "t1",
        reason,
        False,
    )
    assert [(each.action, each.actor, each.vouched, each.outcome) for each in desk.audits.kept] == [
        (f"task.{word}", ANN, "link", "asked"),
        (f"task.{word}", ANN, "link", "done"),
    ]


async def test_a_double_click_is_one_command(desk: Desk) -> None:
    for _ in range(2):
        await desk.send(link(), answer="approve", reason="fine")
    assert len({heard.id for heard in desk.engine.heard}) == 1


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("wrong", {}),
        (None, {"Origin": "https://evil.example"}),
        (None, {"Origin": "null"}),
        (None, {"Sec-Fetch-Site": "cross-site"}),
    ],
)
async def test_a_form_from_elsewhere_is_refused(
    desk: Desk, token: str | None, headers: dict[str, str]
) -> None:
    page = await desk.send(link(), token, headers=headers, answer="approve")
    assert (page.status_code, "does not come from the page" in page.text) == (403, True)
    assert desk.engine.heard == []


async def test_a_form_from_the_page_itself_is_taken(desk: Desk) -> None:
    page = await desk.send(link(), headers={"Origin": "https://api.test", "Sec-Fetch-Site": "same-origin"},
                           answer="approve")  # fmt: skip
    assert page.status_code == 200


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "not one of ours"),
        (link()[:-2], "not one of ours"),
        (link(days=-1), "This link has ended"),
        (link(task="t9"), "not there any more"),
        ("%2e%2e", "not one of ours"),
        ("%00", "not one of ours"),
        ("x" * 4000, "not one of ours"),
    ],
)
async def test_a_link_that_leads_nowhere_says_so(desk: Desk, text: str, says: str) -> None:
    for page in (await desk.get(text), await desk.send(text, "token", answer="approve")):
        assert (page.status_code, says in page.text) == (404, True)
    assert desk.engine.heard == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"status": "done", "outcome": "approved", "answered_by": "bob@x.example"},
            "already done: approved by bob@x.example",
        ),
        ({"status": "expired"}, "it expired at its deadline"),
        ({"status": "cancelled", "reason": "the deal left"}, "it was cancelled: the deal left"),
        ({"people": ("bob@x.example",)}, "given to somebody else"),
    ],
)
async def test_a_task_that_is_closed_for_this_person_shows_why_and_no_form(
    desk: Desk, fields: dict[str, Any], says: str
) -> None:
    token = re.search(r'name="form" value="([^"]+)"', (await desk.get(link())).text)
    assert token is not None
    desk.put(**fields)
    for page in (await desk.get(link()), await desk.send(link(), token[1], answer="approve")):
        assert page.status_code == 200
        assert says in page.text
        assert "<form" not in page.text
    assert desk.engine.heard == []


async def test_a_rejection_needs_its_reason_and_keeps_the_page(desk: Desk) -> None:
    page = await desk.send(link(), answer="reject", reason="  ")
    assert (page.status_code, "needs its reason" in page.text, "<form" in page.text) == (422, True, True)
    assert desk.engine.heard == []


async def test_a_form_is_filled_with_its_faults_named_and_what_was_typed_kept(desk: Desk) -> None:
    desk.put(kind="form", fields=FORM, values={"seats": "5"})
    page = await desk.get(link())
    assert 'value="5"' in page.text
    assert "Goals &lt;b&gt; (required)" in page.text
    assert "What they want" in page.text
    page = await desk.send(
        link(), answer="fill", **{"f-goals": "", "f-seats": "many", "f-plan": "Pro & more"}
    )
    assert page.status_code == 422
    assert "it is required" in page.text
    assert "&#39;many&#39; is not a number" in page.text
    assert 'value="many"' in page.text
    assert "<option selected>Pro &amp; more</option>" in page.text
    assert desk.engine.heard == []
    page = await desk.send(link(), answer="draft", **{"f-goals": "", "f-seats": "12"})
    assert "Saved." in page.text
    page = await desk.send(link(), answer="fill", **{"f-goals": "grow", "f-seats": "12"})
    assert [(each.command, dict(each.values)) for each in desk.engine.heard] == [
        ("draft", {"goals": "", "seats": "12"}),
        ("fill", {"goals": "grow", "seats": "12"}),
    ]


@pytest.mark.parametrize(
    ("fields", "form", "command", "values"),
    [
        ({"kind": "claim"}, {"answer": "claim"}, "claim", {}),
        (
            {"kind": "choice", "choices": (TaskChoice(key="new", label="A new one"),)},
            {"answer": "choose", "choice": "new"},
            "choose",
            {"choice": "new"},
        ),
    ],
)
async def test_other_kinds_are_answered_in_their_way(
    desk: Desk, fields: dict[str, Any], form: dict[str, str], command: str, values: dict[str, str]
) -> None:
    desk.put(**fields)
    assert (await desk.send(link(), **form)).status_code == 200
    (heard,) = desk.engine.heard
    assert (heard.command, dict(heard.values)) == (command, values)


@pytest.mark.parametrize("word", ["", "fill", "claim", "delegate", "nonsense"])
async def test_an_answer_that_does_not_belong_to_the_task_is_not_said(desk: Desk, word: str) -> None:
    assert (await desk.send(link(), answer=word)).status_code == 422
    assert desk.engine.heard == []


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (
            Answer("", Outcome.REFUSED, "it expired at its deadline"),
            409,
            "Not done: it expired at its deadline.",
        ),
        (Answer("", Outcome.UNDER_WAY), 202, "on its way"),
        (UnavailableError("Kafka is away"), 503, "Send it again in a minute"),
    ],
)
async def test_what_the_engine_says_is_shown(desk: Desk, answer: Any, status: int, says: str) -> None:
    desk.engine.answer = answer
    page = await desk.send(link(), answer="approve", reason="fine")
    assert (page.status_code, says in page.text) == (status, True)


async def test_nothing_of_a_deal_becomes_markup(desk: Desk) -> None:
    hostile = "<script>alert(1)</script>{{ 7*7 }}"
    desk.put(title=hostile, text=hostile, votes=(Vote(by="bob@x.example", yes=True, reason=hostile, at=NOW),))
    page = (await desk.get(link())).text
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 4
    assert "49" not in page


async def test_without_a_key_there_are_no_links(desk: Desk) -> None:
    desk = Desk(replace(desk.services, links=LinkConfig()), desk.engine, desk.audits)
    async with desk.http:
        assert (await desk.get(link())).status_code == 404


async def test_a_body_beyond_all_bounds_is_refused(desk: Desk) -> None:
    assert (await desk.send(link(), answer="approve", reason="x" * 2_000_000)).status_code == 413
    many = {f"f-{number}": "x" for number in range(5000)}
    assert (await desk.send(link(), answer="approve", **many)).status_code == 403
    assert desk.engine.heard == []


async def test_a_form_of_a_real_browser_is_taken_which_says_no_origin(desk: Desk) -> None:
    """With the page's referrer policy a browser sends `Origin: null` even to where it comes from."""
    ours = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    theirs = {"Origin": "null", "Sec-Fetch-Site": "cross-site"}
    assert (await desk.send(link(), headers=theirs, answer="approve")).status_code == 403
    assert (await desk.send(link(), "", headers=ours, answer="approve")).status_code == 403
    assert desk.engine.heard == []
    assert (await desk.send(link(), headers=ours, answer="approve")).status_code == 200


async def test_a_field_that_was_emptied_stays_empty(desk: Desk) -> None:
    desk.put(kind="form", fields=FORM, values={"seats": "40"})
    await desk.send(link(), answer="fill", **{"f-goals": "Live", "f-seats": "", "f-plan": ""})
    assert desk.engine.heard[0].values["seats"] == ""


async def test_a_link_that_is_followed_too_often_waits(desk: Desk) -> None:
    codes = [(await desk.get(link())).status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]
    assert (await desk.get(link())).headers["retry-after"] == "60"
    assert (await desk.get(link("bob@x.example"))).status_code == 200


async def test_who_is_not_asked_is_not_shown_what_is_asked(desk: Desk) -> None:
    desk.put(title="Approve Acme", text="at a loss", people=("bob@x.example",))
    for status in ("open", "done"):
        desk.put(title="Approve Acme", text="at a loss", people=("bob@x.example",), status=status)
        page = (await desk.get(link())).text
        assert "given to somebody else" in page
        assert not any(told in page for told in ("Acme", "at a loss", "bob@x.example"))

"""The page of a task as a person meets it: a real browser, the real server, from the link to the answer."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from processors.commanding import Answer, Outcome
from processors.task_links import Link, sign
from processors.tasks import say
from schemas.inbox import InboxRecord
from schemas.task import FORM, Task, TaskField
from streams.api.serving import server_of
from streams.links import LinkConfig
from tests.fixtures.api import LINK_KEY, NOW, Audits, MemoryBoard, a_history, a_task, some_services
from tests.fixtures.browser import Browser

pytestmark = pytest.mark.slow

ANN = "ann@x.example"
FIELDS = (
    TaskField(name="goals", label="Goals", type="long_text", required=True),
    TaskField(name="seats", label="Seats", type="number"),
    TaskField(name="note", label="Note"),
)


class House:
    """The API on a port, over tasks in memory that are answered by the rules of the engine."""

    def __init__(self) -> None:
        self.board, self.audits = MemoryBoard(), Audits()
        self.heard: list[InboxRecord] = []
        self.url = ""

    async def say(self, command: InboxRecord) -> Answer:
        if command.id not in {each.id for each in self.heard}:
            self.heard.append(command)
            told = say(self.task, command, NOW)
            self.put(told.task)
            if told.refused:
                return Answer(command.id, Outcome.REFUSED, told.refused)
        return Answer(command.id, Outcome.DONE)

    @property
    def task(self) -> Task:
        return self.board.held["t1"]

    def put(self, task: Task) -> None:
        self.board.held[task.id] = task

    def link(self, person: str = ANN) -> str:
        return f"{self.url}/tasks/{sign(Link('t1', person, NOW + timedelta(days=1)), LINK_KEY.encode())}"

    async def ask(self, *methods: str) -> list[int]:
        """Open the link as a scanner of mails does."""
        async with httpx.AsyncClient(trust_env=False) as scanner:
            headers = {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender"}
            return [
                (await scanner.request(each, self.link(), headers=headers)).status_code for each in methods
            ]


@pytest.fixture
async def house() -> AsyncIterator[House]:
    made = House()
    made.put(a_task(1, people=(ANN,), title="Approve Acme, 620,000.00 EUR"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        given: dict[str, Any] = {"board": made.board, "commander": made, "audit": made.audits}
        links = LinkConfig(url=made.url, key=SecretStr(LINK_KEY))
        server = server_of(some_services(await a_history(), **given, links=links))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield made
        server.should_exit = True
        await serving


async def test_an_approval_is_confirmed_once_on_the_page(house: House, browser: Browser) -> None:
    assert await house.ask("GET", "HEAD", "GET", "OPTIONS") == [200, 405, 200, 405]
    await browser.open(house.link())
    await browser.shows("Approve Acme, 620,000.00 EUR")
    assert (house.heard, house.audits.kept) == ([], [])
    await browser.double_click("button[value=approve]")
    await browser.loses("form")
    await browser.open(house.link())
    await browser.shows(f"already done: approved by {ANN}")
    assert [(each.command, each.actor) for each in house.heard] == [("approve", ANN)]
    assert (house.task.outcome, house.task.answered_by) == ("approved", ANN)
    assert {(each.vouched, each.actor) for each in house.audits.kept} == {("link", ANN)}


async def test_a_rejection_says_why(house: House, browser: Browser) -> None:
    await browser.open(house.link())
    await browser.click("button[value=reject]")
    await browser.shows("A rejection needs its reason.")
    assert house.heard == []
    await browser.write("#reason", "Not at this price")
    await browser.click("button[value=reject]")
    await browser.shows("your answer is taken")
    assert (house.task.outcome, house.task.reason) == ("rejected", "Not at this price")


async def test_a_form_shows_its_errors_and_keeps_what_was_typed(house: House, browser: Browser) -> None:
    house.put(a_task(1, kind=FORM, people=(ANN,), fields=FIELDS, values={"note": "from the deal"}))
    await browser.open(house.link())
    await browser.write("#f-goals", "Live by May")
    await browser.write("#f-seats", "many")
    await browser.write("#f-note", "")
    await browser.click("button[value=fill]")
    await browser.shows("is not a number")
    assert await browser.see("document.querySelector('#f-goals').value") == "Live by May"
    assert await browser.see("document.querySelector('#f-note').value") == ""
    await browser.write("#f-seats", "40")
    await browser.click("button[value=fill]")
    await browser.shows("your answer is taken")
    assert (house.task.outcome, house.task.values) == ("filled", {"goals": "Live by May", "seats": "40"})


async def test_the_page_fits_a_phone_and_names_every_field(house: House, browser: Browser) -> None:
    house.put(a_task(1, kind=FORM, people=(ANN,), fields=FIELDS))
    await browser.open(house.link())
    assert await browser.see("document.documentElement.lang") == "en"
    assert await browser.see("document.documentElement.scrollWidth <= window.innerWidth")
    assert await browser.see(
        "[...document.querySelectorAll('input:not([type=hidden]), textarea, select')]"
        ".every(field => field.labels.length === 1)"
    )
    assert await browser.see("performance.getEntriesByType('resource').length") == 0


async def test_another_person_and_a_forged_link_may_nothing(house: House, browser: Browser) -> None:
    await browser.open(house.link("bo@x.example"))
    await browser.shows("given to somebody else")
    await browser.open(f"{house.link()[:-4]}AAAA")
    await browser.shows("not one of ours")
    assert house.heard == []

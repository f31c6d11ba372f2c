"""What is sent to the page of a task that no browser would send."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from processors.task_links import Link, sign
from tests.fixtures.api import LINK_KEY, NOW, Engine, a_history, client, some_services

LINK = f"/tasks/{sign(Link('t1', 'ann@x.example', NOW + timedelta(days=1)), LINK_KEY.encode())}"


@pytest.fixture
async def page() -> AsyncIterator[tuple[httpx.AsyncClient, Engine]]:
    engine = Engine()
    async with client(some_services(await a_history(), commander=engine), None) as opened:
        yield opened, engine


async def token_of(opened: httpx.AsyncClient) -> str:
    found = re.search(r'name="form" value="([^"]+)"', (await opened.get(LINK)).text)
    assert found is not None
    return found[1]


async def test_a_reason_without_what_no_database_keeps(page: tuple[httpx.AsyncClient, Engine]) -> None:
    opened, engine = page
    form = {"form": await token_of(opened), "answer": "reject", "reason": "too\0 much\x1b[2J\x7f"}
    assert (await opened.post(LINK, data=form)).status_code == 202
    assert [heard.reason for heard in engine.heard] == ["too much[2J"]


async def test_an_idempotency_key_is_nothing_to_a_page(page: tuple[httpx.AsyncClient, Engine]) -> None:
    opened, engine = page
    for reason in ("one", "two"):
        form = {"form": await token_of(opened), "answer": "approve", "reason": reason}
        answer = await opened.post(LINK, data=form, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 202
    assert [heard.reason for heard in engine.heard] == ["one", "two"]


@pytest.mark.parametrize(
    "path", ["/tasks/%00", "/tasks/" + "a." * 10_000, "/tasks/%ff", "/tasks/.", "/tasks/é.é"]
)
async def test_what_is_no_link(page: tuple[httpx.AsyncClient, Engine], path: str) -> None:
    opened, engine = page
    for answer in (await opened.get(path), await opened.post(path, content=b"\xff" * 1000)):
        assert answer.status_code == 404
    assert engine.heard == []

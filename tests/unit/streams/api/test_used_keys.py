"""An idempotency key that comes again: with the same body, with another one, from somebody else, too late."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import Request, Response
from starlette.types import Message

from processors.commanding import Answer, Outcome
from schemas.access import Role
from schemas.errors import UnavailableError
from streams.api.identity import Person
from streams.api.problems import ProblemError
from streams.api.used_keys import UsedKeys
from tests.fixtures.api import TOKENS, Audits, Engine, a_history, client, some_services

TASK, RUN = "/v1/tasks/t1/commands", "/v1/runs/r1/commands"
FINE, OTHER = {"command": "approve", "reason": "fine"}, {"command": "approve", "reason": "other"}


class Desk:
    """One API for all requests of a test."""

    def __init__(self, opened: httpx.AsyncClient, engine: Engine, audits: Audits) -> None:
        self.opened, self.engine, self.audits = opened, engine, audits

    async def post(self, body: Any, path: str = TASK, key: str = "k", **headers: str) -> int:
        answer = await self.opened.post(path, json=body, headers={"Idempotency-Key": key, **headers})
        return answer.status_code


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    engine, audits = Engine(), Audits()
    async with client(some_services(await a_history(), commander=engine, audit=audits)) as opened:
        yield Desk(opened, engine, audits)


async def test_the_same_again_is_answered_again(desk: Desk) -> None:
    assert [await desk.post(FINE) for _ in range(3)] == [202, 202, 202]
    assert len({heard.id for heard in desk.engine.heard}) == 1


@pytest.mark.parametrize("other", [OTHER, {**FINE, "values": {"x": "1"}}, {"command": "reject"}])
async def test_another_body_under_the_key_is_refused_unsaid(desk: Desk, other: dict[str, Any]) -> None:
    assert [await desk.post(each) for each in (FINE, other, FINE)] == [202, 422, 202]
    assert {heard.reason for heard in desk.engine.heard} == {"fine"}
    assert {each.action for each in desk.audits.kept} == {"task.approve"}


async def test_a_key_is_somebodys_and_about_something(desk: Desk) -> None:
    approver = {"Authorization": f"Bearer {TOKENS[Role.APPROVER]}"}
    assert await desk.post(FINE) == 202
    assert await desk.post({"command": "retry"}, RUN) == 202
    assert await desk.post(OTHER, "/v1/tasks/t2/commands") == 202
    assert await desk.post(OTHER, key="other") == 202
    # The tokens of these tests are all Ann's, and a key is hers whichever she comes with.
    assert await desk.post(OTHER, **approver) == 422


@pytest.mark.parametrize(
    ("wrong", "headers", "status"),
    [({"command": "nonsense"}, {}, 422), (OTHER, {"If-Match": '"9"'}, 412), ({**FINE, "force": 7}, {}, 422)],
)
async def test_what_was_not_passed_on_leaves_the_key_as_new(
    desk: Desk, wrong: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    assert await desk.post(wrong, **headers) == status
    assert await desk.post(FINE) == 202


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer("", Outcome.REFUSED, "it ended"), 409),
        (UnavailableError("no word", unknown_outcome=True), 503),
        (ZeroDivisionError(), 500),
    ],
)
async def test_what_may_have_been_heard_keeps_its_body(desk: Desk, answer: Any, status: int) -> None:
    desk.engine.answer = answer
    assert [await desk.post(each) for each in (FINE, OTHER, FINE)] == [status, 422, status]


async def test_only_the_latest_are_remembered() -> None:
    used = UsedKeys(most=2)

    async def ask(key: str, body: bytes) -> int:
        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def fine(_: Request) -> Response:
            return Response()

        headers = [(b"idempotency-key", key.encode())]
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b""}
        request = Request({**scope, "server": ("x", 80), "scheme": "http"}, receive)
        request.state.person = Person("ann@x.example", frozenset(), "oidc")
        try:
            return (await used.once(request, fine)).status_code
        except ProblemError as error:
            return error.status_code

    assert [await ask(key, b"1") for key in ("a", "b", "a", "c")] == [200] * 4
    assert [await ask(key, b"2") for key in ("a", "c", "b")] == [422, 422, 200]

"""What fails unforeseen: the reply and the log say so, and neither repeats what it failed with."""

from dataclasses import replace
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from schemas.errors import BrokenInvariantError
from streams.api.sealed import Sealed
from tests.fixtures.api import a_history, client, some_services

MARK = "EVILMARK"


class Broken:
    async def select(self, _query: object) -> None:
        raise RuntimeError(MARK) from ValueError(MARK)


async def test_a_failure_is_told_without_its_words() -> None:
    broken: Any = Broken()
    services = replace(some_services(await a_history()), history=broken)
    with capture_logs() as logs:
        async with client(services) as opened:
            answer = await opened.get("/v1/runs")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    for header in ("cache-control", "x-content-type-options", "content-security-policy", "x-request-id"):
        assert answer.headers[header]
    (failed,) = [event for event in logs if event["event"] == "a request failed"]
    assert (failed["kind"], failed["request"]) == ("RuntimeError", answer.headers["x-request-id"])
    assert "select" in failed["where"][-1]
    assert [event["status"] for event in logs if event["event"] == "request"] == [500]
    assert MARK not in answer.text + str(logs)


async def test_an_answer_that_has_begun_breaks_off() -> None:
    sent: list[Message] = []

    async def half(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError(MARK)

    async def nothing() -> Message:
        raise AssertionError

    async def keep(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "dealwire.request_id": "r-1"}
    with capture_logs() as logs, pytest.raises(BrokenInvariantError, match="breaks off") as broken:
        await Sealed(half)(scope, nothing, keep)
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert broken.value.__suppress_context__
    assert MARK not in str(logs)

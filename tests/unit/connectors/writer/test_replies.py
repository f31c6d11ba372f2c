"""What a chat endpoint's replies mean."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.writer.replies import Reply, failure, written
from schemas.errors import DealwireError, RefusedError, UnavailableError

NOW = datetime(2026, 9, 14, 8, 30, tzinfo=UTC)


def reply(content: Any) -> Reply:
    return Reply(200, {}, content if isinstance(content, bytes) else json.dumps(content).encode())


def choice(text: Any, **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": text}, **more}]}


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"usage": {"total_tokens": 321}}, 321),
        ({"usage": {"total_tokens": 0}}, 777),
        ({"usage": {"total_tokens": -5}}, 777),
        ({"usage": {"total_tokens": True}}, 777),
        ({"usage": {"total_tokens": "9"}}, 777),
        ({"usage": {"total_tokens": 10**12}}, 777),
        ({"usage": None}, 777),
        ({}, 777),
    ],
)
def test_what_an_answer_cost(usage: dict[str, Any], tokens: int) -> None:
    found = written(reply({**choice("{}", finish_reason="stop"), **usage}), on="x", estimate=777)
    assert (found.text, found.tokens) == ("{}", tokens)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        [],
        {},
        {"choices": []},
        {"choices": [None]},
        {"choices": {"0": 1}},
        {"choices": [{"message": None}]},
        choice(None),
        choice(""),
        choice(["a"]),
        choice("{", finish_reason="length"),
        choice("{", finish_reason="content_filter"),
    ],
)
def test_what_holds_no_answer(content: Any) -> None:
    with pytest.raises(UnavailableError) as raised:
        written(reply(content), on="x", estimate=1)
    assert raised.value.unknown_outcome


@pytest.mark.parametrize(
    ("status", "kind", "may_have_cost"),
    [
        (301, RefusedError, None),
        (400, RefusedError, None),
        (401, RefusedError, None),
        (404, RefusedError, None),
        (422, RefusedError, None),
        (408, UnavailableError, False),
        (429, UnavailableError, False),
        (500, UnavailableError, True),
        (503, UnavailableError, True),
        (204, UnavailableError, True),
    ],
)
def test_what_is_no_success(status: int, kind: type[DealwireError], may_have_cost: bool | None) -> None:
    error = failure(Reply(status, {}, b'{"error": {"message": "prompt: secret"}}'), on="x", now=NOW)
    assert type(error) is kind
    assert getattr(error, "unknown_outcome", None) is may_have_cost
    assert "secret" not in str(error)

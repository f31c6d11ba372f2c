"""How a command's attempt is answered."""

import asyncio
from datetime import timedelta

import pytest

from schemas.deal import EnrichmentRequest
from schemas.email import SendEmail
from schemas.errors import DealwireError, RefusedError, UnavailableError
from schemas.inbox import InboxRecord
from streams.agents import commands
from streams.agents.commands import bounded, failure, success
from tests.fixtures.agents import AT, ORG

MAIL = SendEmail(id="mail", org_id=ORG, opportunity_id="opp", run_id="run", step_id="step", attempt=3)


def test_a_success_answers_the_command() -> None:
    outgoing = success(MAIL, {"reply": "250"})
    result = outgoing.record
    assert isinstance(result, InboxRecord)
    assert (outgoing.key, outgoing.cause, outgoing.run_id) == (f"{ORG}:opp", "mail", "run")
    assert (result.command_id, result.step_id, result.attempt, result.outcome) == (
        "mail",
        "step",
        3,
        "succeeded",
    )
    assert result.output == {"reply": "250"}
    assert result.id == success(MAIL, {}).record.id
    assert result.id != success(MAIL.model_copy(update={"attempt": 4}), {}).record.id


@pytest.mark.parametrize(
    ("error", "retryable", "wait"),
    [
        (RefusedError("no"), False, None),
        (UnavailableError("later"), True, None),
        (UnavailableError("later", retry_after=timedelta(minutes=5)), True, timedelta(minutes=5)),
    ],
)
def test_a_failure_says_whether_another_time_is_better(
    error: DealwireError, *, retryable: bool, wait: timedelta | None
) -> None:
    result = failure(MAIL, error, AT).record
    assert isinstance(result, InboxRecord)
    assert (result.outcome, result.retryable) == ("failed", retryable)
    assert result.retry_at == (AT + wait if wait else None)


def test_a_failure_shows_no_secret() -> None:
    result = failure(MAIL, RefusedError("550 <ann@example.com> unknown, Bearer abc.def"), AT).record
    assert isinstance(result, InboxRecord)
    assert "example.com" not in result.error
    assert "abc.def" not in result.error


def test_a_fetch_is_no_step_of_a_sink() -> None:
    request = EnrichmentRequest(id="ask", org_id=ORG, opportunity_id="opp", run_id="run")
    result = failure(request, UnavailableError("later"), AT).record
    assert isinstance(result, InboxRecord)
    assert result.step_id == ""


async def test_an_attempt_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "ATTEMPT_SECONDS", 0.01)
    with pytest.raises(UnavailableError) as raised:
        await bounded(asyncio.Event().wait(), on="a sink")
    assert raised.value.unknown_outcome

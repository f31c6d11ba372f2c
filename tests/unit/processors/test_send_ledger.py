"""The send ledger as a table: what is found, what comes, what is done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.send_ledger import Action, after, answer, plan
from schemas.email import SendEmail
from schemas.errors import DealwireError, RefusedError, UnavailableError
from schemas.inbox import FAILED, SUCCEEDED
from schemas.send_ledger import SendLedger, SendState, Sent

AT = datetime(2026, 9, 14, 8, 30, tzinfo=UTC)
OK = "250 queued"
LATER = UnavailableError("451 later")
CUT = UnavailableError("no reply", unknown_outcome=True)
NO = RefusedError("550 no")


def a_mail(attempt: int = 1) -> SendEmail:
    return SendEmail(id="c1", org_id="o", message_id="<c1@x.test>", attempt=attempt)


def an_entry(state: SendState, **fields: Any) -> Sent:
    return Sent(state=state, **{"attempt": 1, "transactions": 1, **fields})


SENDING, DOUBT = SendState.SENDING, SendState.IN_DOUBT


@pytest.mark.parametrize(
    ("entry", "attempt", "action"),
    [
        (None, 1, Action.SEND),
        (None, 4, Action.SEND),
        (an_entry(SendState.SENT), 1, Action.ANSWER),
        (an_entry(SendState.SENT), 9, Action.ANSWER),
        (an_entry(SendState.DEFERRED), 1, Action.ANSWER),
        (an_entry(SendState.DEFERRED), 2, Action.SEND),
        (an_entry(SendState.DEFERRED, cut=1), 2, Action.RESEND),
        (an_entry(SendState.REFUSED), 1, Action.ANSWER),
        (an_entry(SendState.REFUSED), 2, Action.SEND),
        (an_entry(SendState.REFUSED, cut=1), 2, Action.RESEND),
        (an_entry(SENDING, cut=1), 1, Action.RESEND),
        (an_entry(SENDING, cut=1), 2, Action.RESEND),
        (an_entry(SENDING, cut=2), 1, Action.ANSWER),
        (an_entry(DOUBT, cut=1), 1, Action.ANSWER),
        (an_entry(DOUBT, cut=1), 2, Action.RESEND),
        (an_entry(DOUBT, cut=2), 1, Action.ANSWER),
        (an_entry(DOUBT, cut=2), 2, Action.RESEND),
        (an_entry(DOUBT, cut=1, attempt=3), 2, Action.ANSWER),
    ],
)
def test_what_to_do(entry: Sent | None, attempt: int, action: Action) -> None:
    planned = plan(entry, a_mail(attempt))
    assert planned.action is action
    if action is not Action.ANSWER:
        assert planned.entry.state is SENDING
        assert planned.entry.transactions == (entry.transactions if entry else 0) + 1
        assert planned.entry.attempt == attempt


@pytest.mark.parametrize(
    ("entry", "outcome", "state", "cut", "resent"),
    [
        # the first transaction
        (an_entry(SENDING, cut=1), OK, SendState.SENT, 0, 0),
        (an_entry(SENDING, cut=1), LATER, SendState.DEFERRED, 0, 0),
        (an_entry(SENDING, cut=1), NO, SendState.REFUSED, 0, 0),
        (an_entry(SENDING, cut=1), CUT, DOUBT, 1, 0),
        # a resend: it counts only if it may have doubled the mail
        (an_entry(SENDING, cut=2, resent=1), OK, SendState.SENT, 1, 1),
        (an_entry(SENDING, cut=2, resent=1), LATER, SendState.DEFERRED, 1, 0),
        (an_entry(SENDING, cut=2, resent=1), NO, SendState.REFUSED, 1, 0),
        (an_entry(SENDING, cut=2, resent=1), CUT, DOUBT, 2, 1),
    ],
)
def test_what_is_kept_after_a_transaction(
    entry: Sent, outcome: str | DealwireError, state: SendState, cut: int, resent: int
) -> None:
    kept = after(entry, outcome, AT)
    assert (kept.state, kept.cut, kept.resent) == (state, cut, resent)


@pytest.mark.parametrize(
    ("entry", "outcome", "retryable", "error"),
    [
        (an_entry(SendState.SENT, reply=OK), SUCCEEDED, False, ""),
        (an_entry(SendState.DEFERRED, error="451"), FAILED, True, "451"),
        (an_entry(SendState.REFUSED, error="550"), FAILED, False, "550"),
        (an_entry(DOUBT, cut=1, error="cut"), FAILED, True, "cut; the mail may have arrived all the same"),
        (an_entry(DOUBT, cut=2, error="cut"), FAILED, False, "cut; the mail may have arrived all the same"),
        (an_entry(SendState.REFUSED, cut=1, error="550"), FAILED, False,
         "550; the mail may have arrived all the same"),
    ],
)  # fmt: skip
def test_what_is_answered(entry: Sent, outcome: str, retryable: bool, error: str) -> None:
    said = answer(entry)
    assert (said.outcome, said.retryable, said.error) == (outcome, retryable, error)
    assert said.output["transactions"] == "1"


def test_the_servers_wish_to_wait_is_kept() -> None:
    entry = plan(None, a_mail()).entry
    kept = after(entry, UnavailableError("busy", retry_after=timedelta(minutes=5)), AT)
    assert answer(kept).retry_at == AT + timedelta(minutes=5)
    assert answer(plan(kept, a_mail(2)).entry).retry_at is None


def test_a_mail_that_is_cut_twice_waits_for_a_person_who_may_send_it() -> None:
    first = after(plan(None, a_mail(1)).entry, CUT, AT)
    second = plan(first, a_mail(2))
    assert second.action is Action.RESEND
    stuck = after(second.entry, CUT, AT)
    assert not answer(stuck).retryable
    third = plan(stuck, a_mail(3))
    assert third.action is Action.RESEND
    sent = after(third.entry, OK, AT)
    assert answer(sent).output == {"transactions": "3", "resent": "2", "reply": OK}


def test_a_ledger_keeps_each_mail_by_itself() -> None:
    ledger = SendLedger().with_entry("c1", an_entry(SendState.SENT)).with_entry("c2", an_entry(SENDING))
    again = SendLedger.model_validate_json(ledger.model_dump_json())
    assert {key: entry.state for key, entry in again.mails.items()} == {"c1": SendState.SENT, "c2": SENDING}


# What may happen to one command: the transaction ends in one of these ways, and the mail arrived or not.
ENDS: dict[str, tuple[str | DealwireError | None, bool]] = {
    "ok": (OK, True),
    "later": (LATER, False),
    "no": (NO, False),
    "cut, arrived": (CUT, True),
    "cut, lost": (CUT, False),
    "crash, arrived": (None, True),
    "crash, lost": (None, False),
}


@given(st.lists(st.tuples(st.sampled_from(sorted(ENDS)), st.booleans()), max_size=30))
def test_whatever_happens_a_mail_arrives_at_most_once_more_than_it_was_cut(
    story: list[tuple[str, bool]],
) -> None:
    """Without a person: at most one resend. And a mail that is answered `succeeded` has arrived."""
    entry: Sent | None = None
    attempt, arrived, cuts = 1, 0, 0
    for end, repeated in story:
        planned = plan(entry, a_mail(attempt))
        entry = planned.entry
        if planned.action is Action.ANSWER:
            said = answer(entry)
            assert said.outcome == FAILED or arrived
            # The engine tries again what may heal; a repeat of the same record changes nothing.
            attempt += said.retryable and not repeated
            continue
        outcome, arrives = ENDS[end]
        arrived += arrives
        cuts += outcome is None or outcome is CUT
        if outcome is not None:
            entry = after(entry, outcome, AT)
    assert arrived <= 2
    assert arrived <= 1 + cuts
    if entry is not None:
        assert arrived <= 1 + entry.resent + (entry.state is SENDING)

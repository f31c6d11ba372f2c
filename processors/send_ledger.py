"""Whether to send a mail, to send it again, or to say once more what became of it.

SMTP cannot take a mail back, nor say whether it has one. So the ledger is written before each transaction
and after it, and a transaction that was cut (a crash of ours, or no reply after the final dot) leaves a
doubt. One doubt is answered by sending once more with the same Message-ID, which mail readers and many
servers show once; a second one is for a person.

| in the ledger | same attempt again | a later attempt |
|---|---|---|
| nothing | send | send |
| sent | answer: succeeded | answer: succeeded |
| deferred, refused | answer: failed | send, or resend if it was cut before |
| sending or in doubt, cut once | resend; in doubt: answer: failed, retryable | resend |
| sending or in doubt, cut again | answer: failed, a person decides | resend: a person has decided |
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.email import SendEmail
from schemas.errors import DealwireError, UnavailableError
from schemas.inbox import FAILED, SUCCEEDED
from schemas.send_ledger import SendState, Sent

__all__ = ["Action", "Answer", "Plan", "after", "answer", "plan"]

_CUTS_BEFORE_A_PERSON_DECIDES = 2


class Action(StrEnum):
    """What to do about a command."""

    SEND = "send"
    RESEND = "resend"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Plan:
    """The action, and the entry to keep before it is taken (`ANSWER`: to keep and to answer from)."""

    action: Action
    entry: Sent


@dataclass(frozen=True, slots=True)
class Answer:
    """What the command's result says, in the words of `schemas.inbox.InboxRecord`."""

    outcome: str
    retryable: bool
    retry_at: datetime | None
    error: str
    output: dict[str, str]


def plan(entry: Sent | None, mail: SendEmail) -> Plan:
    """Decide about a command that came, for the first time or again."""
    if entry is None:
        return _begin(Sent(state=SendState.SENDING), mail)
    later = mail.attempt > entry.attempt
    match entry.state:
        case SendState.SENT:
            return Plan(Action.ANSWER, entry)
        case SendState.SENDING if not _exhausted(entry):
            return _begin(entry, mail)
        case SendState.SENDING:
            return Plan(Action.ANSWER, _doubted(entry, "we were interrupted in the SMTP transaction"))
        case _ if later:
            return _begin(entry, mail)
    return Plan(Action.ANSWER, entry)


def after(entry: Sent, outcome: str | DealwireError, at: datetime) -> Sent:
    """Give the entry to keep after a transaction: `outcome` is the server's reply, or the failure.

    `entry` is the plan's. Where the sink was left without an outcome (cancelled, crashed) there is nothing to
    keep, and the next plan finds the transaction cut.
    """
    if isinstance(outcome, str):
        # The last transaction is settled, earlier ones stay as they are.
        return entry.model_copy(
            update={"state": SendState.SENT, "reply": outcome, "cut": entry.cut - 1, "error": ""}
        )
    if not isinstance(outcome, UnavailableError):
        return _not_sent(entry, SendState.REFUSED, outcome)
    if outcome.unknown_outcome:
        return _doubted(entry, str(outcome))
    due = at + outcome.retry_after if outcome.retry_after is not None else None
    return _not_sent(entry, SendState.DEFERRED, outcome).model_copy(update={"retry_at": due})


def answer(entry: Sent) -> Answer:
    """Say what became of the mail."""
    output = {"transactions": str(entry.transactions), "resent": str(entry.resent)}
    if entry.state is SendState.SENT:
        return Answer(
            SUCCEEDED, retryable=False, retry_at=None, error="", output={**output, "reply": entry.reply}
        )
    retryable = entry.state is SendState.DEFERRED or (
        entry.state is SendState.IN_DOUBT and not _exhausted(entry)
    )
    doubt = "; the mail may have arrived all the same" if entry.cut else ""
    return Answer(
        FAILED, retryable=retryable, retry_at=entry.retry_at, error=f"{entry.error}{doubt}", output=output
    )


def _begin(entry: Sent, mail: SendEmail) -> Plan:
    again = entry.cut > 0
    opened = Sent(
        state=SendState.SENDING,
        attempt=max(entry.attempt, mail.attempt),
        transactions=entry.transactions + 1,
        cut=entry.cut + 1,
        resent=entry.resent + again,
    )
    return Plan(Action.RESEND if again else Action.SEND, opened)


def _not_sent(entry: Sent, state: SendState, error: DealwireError) -> Sent:
    """Settle the open transaction: it cannot have doubled anything."""
    again = entry.cut > 1
    return entry.model_copy(
        update={
            "state": state,
            "error": str(error),
            "cut": entry.cut - 1,
            "resent": entry.resent - again,
        }
    )


def _doubted(entry: Sent, reason: str) -> Sent:
    return entry.model_copy(update={"state": SendState.IN_DOUBT, "error": reason})


def _exhausted(entry: Sent) -> bool:
    return entry.cut >= _CUTS_BEFORE_A_PERSON_DECIDES

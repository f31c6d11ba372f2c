"""What is remembered of each mail, so that a repeat of its command does not send it again."""

from enum import StrEnum

from schemas.base import Moment, Part


class SendState(StrEnum):
    """Where a mail stands."""

    SENDING = "sending"
    """Written before the SMTP transaction begins; found after a crash, nobody knows how that went."""

    SENT = "sent"
    DEFERRED = "deferred"
    """Not sent; another time may be better."""

    REFUSED = "refused"
    """Not sent, and somebody must change something."""

    IN_DOUBT = "in_doubt"
    """The connection broke after the final dot: sent or not."""


class Sent(Part):
    """One mail at the mail server, by its command id. It holds no address and no text of the mail.

    `attempt` is the command's attempt that this state comes from. `transactions` counts SMTP transactions;
    `cut` those of them whose outcome is not known, with the one that is open; `resent` those that were begun
    while an earlier one was cut, and that may so have doubled the mail.
    """

    state: SendState
    attempt: int = 1
    transactions: int = 0
    cut: int = 0
    resent: int = 0
    reply: str = ""
    error: str = ""
    retry_at: Moment | None = None


class SendLedger(Part):
    """The mails of one opportunity, by command id."""

    mails: dict[str, Sent] = {}

    def with_entry(self, command_id: str, entry: Sent) -> "SendLedger":
        """Give the ledger with this entry in it."""
        return SendLedger(mails={**self.mails, command_id: entry})
